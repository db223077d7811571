/** `clortho inspect`: a look inside, at a file, a shard or a whole store. */
import { ClorthoError } from '@clortho/base';
import { Command } from 'commander';
import { parseCount } from '../input/count.ts';
import { renderStore } from '../inspect/render-store.ts';
import { jsonText } from '../output/stats-json.ts';
import { renderShards, renderTree } from '../output/tree.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { inspectSstCommand } from './inspect-sst.ts';

/** Returns the command with its three subcommands. */
export function inspectCommand(context: CommandContext): Command {
  return new Command('inspect')
    .description('Look inside a file, a shard or a store.')
    .addCommand(inspectSstCommand(context))
    .addCommand(
      new Command('shard')
        .description('Show the families, tiers and files of one shard.')
        .argument('<number>', 'the number of the shard', parseCount(0))
        .action((number: number, _, self: Command) => showShard(context, number, self)),
    )
    .addCommand(
      new Command('store')
        .description('Draw the tree of a store: levels down, keys across, history by time.')
        .action((_, self: Command) => showStore(context, self)),
    );
}

async function showShard(context: CommandContext, number: number, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<GlobalOptions>();
  const { shards } = await withStore(context, options, (store) => store.stats({ listPins: true }), {
    readOnly: true,
  });
  const shard = shards.find((one) => one.shard === number);
  if (shard === undefined) {
    const known = shards.map((one) => one.shard).join(', ');
    throw new ClorthoError('CLORTHO_NOT_FOUND', `the store has no such shard: shard=${number} has=${known}`);
  }
  if (options.json === true) terminal.line(jsonText(shard));
  else terminal.line([renderShards(terminal, [shard]), '', renderTree(terminal, [shard])].join('\n'));
}

async function showStore(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<GlobalOptions>();
  const stats = await withStore(context, options, (store) => store.stats({ listPins: true }), {
    readOnly: true,
  });
  if (options.json === true) {
    terminal.line(jsonText(stats));
    return;
  }
  const parts = [
    `${stats.name}  id ${stats.id}  ${stats.time} time`,
    renderShards(terminal, stats.shards),
    renderTree(terminal, stats.shards),
    renderStore(terminal, stats),
  ];
  terminal.line(parts.join('\n\n'));
}
