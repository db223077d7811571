/** The store that a command works on, open for as long as the command needs it. */
import { ClorthoError } from '@clortho/base';
import { type OpenOptions, open, type Store } from '@clortho/engine';
import type { CommandContext, GlobalOptions } from '../command/command-context.ts';
import { awsFromEnvironment } from './aws-environment.ts';

/** Returns the URL that `--url` or `CLORTHO_URL` names. @throws {ClorthoError} `CLORTHO_INVALID` without either. */
export function storeUrl({ environment }: CommandContext, { url }: GlobalOptions): string {
  const found = url ?? environment['CLORTHO_URL'];
  if (found !== undefined && found !== '') return found;
  throw new ClorthoError('CLORTHO_INVALID', 'which store? pass --url URL or set CLORTHO_URL');
}

/**
 * Opens the store, which must exist, calls `work`, and closes the store whatever happened. Commands are short, so
 * nothing is compacted in the background.
 *
 * @throws {ClorthoError} what `open` and `work` throw; `CLORTHO_NOT_FOUND` if there is no store.
 */
export async function withStore<T>(
  context: CommandContext,
  options: GlobalOptions,
  work: (store: Store) => Promise<T>,
  openOptions: OpenOptions = {},
): Promise<T> {
  const store = await open(storeUrl(context, options), {
    create: 'never',
    compaction: 'manual',
    aws: awsFromEnvironment(context.environment),
    ...openOptions,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
