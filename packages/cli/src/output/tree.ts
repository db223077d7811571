/** The tree of a store as tables: what lies where. */
import type { ShardStats, TierStats } from '@clortho/engine';
import { formatBytes, formatCount, formatMoment } from './format.ts';
import { type Column, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const TIERS = ['delta', 'current', 'history'] as const;

const COLUMNS: readonly Column[] = [
  { title: 'shard', align: 'right' },
  { title: 'family' },
  { title: 'kind' },
  { title: 'tier' },
  { title: 'runs', align: 'right' },
  { title: 'files', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'bytes', align: 'right' },
];

/** Returns the tiers of all families of the shards; empty ones are left out. */
export function renderTree(terminal: Terminal, shards: readonly ShardStats[]): string {
  const rows = shards.flatMap((shard) =>
    shard.families.flatMap((family) =>
      TIERS.filter((tier) => family[tier].files > 0).map((tier) => [
        String(shard.shard),
        family.family,
        family.kind,
        tier,
        ...tierCells(family[tier]),
      ]),
    ),
  );
  return renderTable(terminal, COLUMNS, rows);
}

/** Returns what is known of each shard as a whole. */
export function renderShards(terminal: Terminal, shards: readonly ShardStats[]): string {
  return renderTable(
    terminal,
    [
      { title: 'shard', align: 'right' },
      { title: 'from key' },
      { title: 'commits', align: 'right' },
      { title: 'last commit' },
      { title: 'epoch', align: 'right' },
    ],
    shards.map(({ shard, lower, version, lastCommit, epoch }) => [
      String(shard),
      printable(lower),
      formatCount(version),
      lastCommit === 0 ? '-' : formatMoment(lastCommit),
      String(epoch),
    ]),
  );
}

/** Returns bytes as text where they are printable ASCII, else as hexadecimal; long ones are cut. */
export function printable(bytes: Uint8Array, charactersMax = 32): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isText = buffer.every((byte) => byte >= 0x20 && byte < 0x7f);
  const text = isText ? JSON.stringify(buffer.toString('latin1')) : `x'${buffer.toString('hex')}'`;
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}

function tierCells({ runs, files, rows, bytes }: TierStats): string[] {
  return [formatCount(runs), formatCount(files), formatCount(rows), formatBytes(bytes)];
}
