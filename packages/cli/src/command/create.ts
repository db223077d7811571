/** `clortho create`: everything that a URL needs, in the order in which it is needed. */
import { ClorthoError } from '@clortho/base';
import { type FamilyKind, type FamilyOptions, open, parseStoreUrl, type TimeMode } from '@clortho/engine';
import { createBucket } from '@clortho/object-store';
import { createTable } from '@clortho/registers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { awsFromEnvironment } from '../store/aws-environment.ts';
import { dynamoDbOptions, s3Options } from '../store/cloud-place.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface CreateOptions extends GlobalOptions {
  readonly shards?: number | readonly string[];
  readonly time?: TimeMode;
  readonly family?: Readonly<Record<string, FamilyOptions>>;
  readonly store: boolean;
}

/** Returns the command. */
export function createCommand(context: CommandContext): Command {
  return new Command('create')
    .description('Create a store, with its bucket and table. What exists already is left as it is.')
    .addOption(
      new Option('--shards <shards>', 'a number, or the split keys, separated by commas').argParser(
        parseShards,
      ),
    )
    .addOption(new Option('--time <mode>', 'where timestamps come from').choices(['clock', 'external']))
    .addOption(
      new Option(
        '--family <name[:kind]>',
        'a column family, kv (the default) or log; may be repeated',
      ).argParser(parseFamily),
    )
    .option('--no-store', 'only the bucket and the table')
    .action(async (_, command: Command) => create(context, command));
}

async function create(context: CommandContext, command: Command): Promise<void> {
  const { environment, terminal } = context;
  const options = command.optsWithGlobals<CreateOptions>();
  const url = storeUrl(context, options);
  const location = parseStoreUrl(url);
  if (location.kind === 'memory') {
    throw new ClorthoError('CLORTHO_INVALID', `a store in memory ends with its process: url=${url}`);
  }
  const made: string[] = [];
  if (location.kind === 's3') {
    await createBucket(s3Options(environment, location.bucket));
    made.push(`bucket ${location.bucket}`);
    if (location.table !== undefined) {
      await createTable(dynamoDbOptions(environment, location.table));
      made.push(`table ${location.table}`);
    }
  }
  if (options.store) {
    const { shards, time, family: families } = options;
    const aws = awsFromEnvironment(environment);
    const store = await open(url, { shards, time, families, aws, compaction: 'manual' });
    made.push(`store ${store.name}`);
    await store.close();
  }
  if (options.json === true) terminal.line(JSON.stringify({ url, exists: made }));
  else for (const thing of made) terminal.line(`${thing} is there`);
}

function parseShards(text: string): number | string[] {
  return /^\d+$/.test(text) ? Number(text) : text.split(',');
}

function parseFamily(
  text: string,
  before: Readonly<Record<string, FamilyOptions>> = {},
): CreateOptions['family'] {
  const [name = '', kind = 'kv', ...more] = text.split(':');
  if (name === '' || more.length > 0 || !isKind(kind)) {
    throw new InvalidArgumentError(`expected name, name:kv or name:log, got ${JSON.stringify(text)}.`);
  }
  return { ...before, [name]: { kind } };
}

function isKind(text: string): text is FamilyKind {
  return text === 'kv' || text === 'log';
}
