/** `clortho stats`: what a store is made of, in sums. */
import type { StoreStats } from '@clortho/engine';
import { Command } from 'commander';
import { formatBytes, formatCount } from '../output/format.ts';
import { jsonText, withoutFiles } from '../output/stats-json.ts';
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

/** Returns the command. */
export function statsCommand(context: CommandContext): Command {
  return new Command('stats')
    .description(
      'Show the size of a store: shards, families, files, rows, bytes, and what they are good for.',
    )
    .action((_, self: Command) => show(context, self));
}

async function show(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<GlobalOptions>();
  const stats = await withStore(context, options, (store) => store.stats({ listPins: true }), {
    readOnly: true,
  });
  if (options.json === true) {
    terminal.line(jsonText(withoutFiles(stats)));
    return;
  }
  terminal.line(`${stats.name}  ${stats.time} time  ${stats.shards.length} shards`);
  terminal.line();
  terminal.line(familyTable(terminal, stats));
  terminal.line();
  terminal.line(spaceText(stats));
}

/** Says what the bytes are good for, and what is left to be done. */
function spaceText({ space, pending }: StoreStats): string {
  const held = space.held.map(({ pin, bytes }) => `${formatBytes(bytes)} held by snapshot ${pin}`);
  const parts = [
    `${formatBytes(space.live)} live`,
    `${formatBytes(space.history)} of history`,
    ...(space.garbage === 0 ? [] : [`${formatBytes(space.garbage)} to be dropped`]),
    ...held,
    ...(pending.runs === 0
      ? []
      : [`${formatCount(pending.runs)} runs (${formatBytes(pending.bytes)}) to be merged`]),
  ];
  return parts.join(', ');
}

function familyTable(terminal: Terminal, { shards }: StoreStats): string {
  const names = shards[0]?.families.map(({ family, kind }) => ({ family, kind })) ?? [];
  const rows = names.map(({ family, kind }) => {
    const tiers = shards.flatMap((shard) =>
      shard.families
        .filter((one) => one.family === family)
        .flatMap((one) => [one.delta, one.current, one.history]),
    );
    const sum = (field: 'files' | 'rows' | 'bytes'): number =>
      tiers.reduce((total, tier) => total + tier[field], 0);
    return [family, kind, formatCount(sum('files')), formatCount(sum('rows')), formatBytes(sum('bytes'))];
  });
  const columns = [
    { title: 'family' },
    { title: 'kind' },
    { title: 'files', align: 'right' as const },
    { title: 'rows', align: 'right' as const },
    { title: 'bytes', align: 'right' as const },
  ];
  return renderTable(terminal, columns, rows);
}
