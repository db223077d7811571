/** A run as a page of `docs/bench`, as JSON and as a picture. */
import { type BarPanel, barChart } from './bar-chart.ts';
import { judge, missed } from './judge.ts';
import { pinnedVersion } from './load-peer.ts';
import { CLORTHO, PEERS } from './peers.ts';
import { peersOf, type Results, summaryOf } from './results.ts';
import {
  barTable,
  bytesTable,
  cloudTable,
  cpuTable,
  markdownTable,
  medianTable,
  memoryTable,
  spreadTable,
  stallTable,
} from './table.ts';
import { GROUPS } from './workloads.ts';

const ABOUT = [
  'Every store is driven from Node by the fastest calls that it documents, in a process of its own; the processes take turns, ' +
    'round by round, after a warm-up. Keys have 16 bytes, values 100, half of them noise; batches have 1,000 rows; stores that ' +
    'take a figure have 256 MiB for blocks. Every answer is checked: a value belongs to its key, a scan has all rows. Point ' +
    'reads ask for 65,536 keys, drawn from all, again and again, and scans of 50 begin at them. Figures are medians of the rounds.',
  'What is durable: LevelDB and RocksDB with `sync`, SQLite with `synchronous = FULL`, LMDB once `flushed` resolves, ' +
    'rocksdb-native by a flush of its memory table, because it has no synchronous write. SlateDB never synchronises files ' +
    'in a folder: its durable writes are not. Clortho is durable in every line, also where the others are not.',
  'Stores that do not group the writes of many callers are given a group commit for YCSB: puts that come while a batch is on ' +
    'its way leave together. LMDB has strings as keys, which it documents as faster. A write workload that takes longer than ' +
    '12 s is cut off, which leaves the slower store with the smaller tree. Clortho frees replaced files when `gc()` is called; ' +
    'that is done before its space is measured.',
];

const ABOUT_CLOUD =
  'GETs take 15 ms and 80 MB/s, other requests for objects 60 ms, registers 8 ms; dollars are those of us-east-1, a register ' +
  'being one unit of DynamoDB on demand. For Clortho the delays are in front of objects and registers in memory; SlateDB speaks ' +
  'S3 with a server that holds its requests back. Stores are loaded and caches filled without delays. SlateDB takes no figure ' +
  'for its cache in memory, which would hold everything, nor has it one for metadata alone: with a tenth cached it keeps parts ' +
  'of objects on disk, and it has no cold lines.';

/** Returns the page. */
export function renderPage(results: Results, machine: string, day: string): string {
  const { entries, skipped } = results;
  const versions = PEERS.flatMap(({ name, module }) =>
    module ? [`${name} ${pinnedVersion(module) ?? '?'}`] : [],
  );
  const left = skipped.map(({ peer, why }) => `- ${peer}: ${why}`);
  const count = missed(judge(results));
  const sections = [
    `# Clortho beside other stores, measured`,
    `${machine}, ${day}: \`${commandOf(results)}\`, ${entries.toLocaleString('en-US')} entries. ${versions.join(', ')}.`,
    ...(left.length > 0 ? [`Left out:\n\n${left.join('\n')}`] : []),
    ...ABOUT,
    '## Medians',
    markdownTable(medianTable(results)),
    '![Rates of all stores](peers.svg)',
    '## Bars',
    count === 0 ? 'All that were measured are met.' : `${count} are missed.`,
    markdownTable(barTable(results)),
    '## In the modelled cloud, per operation',
    ABOUT_CLOUD,
    markdownTable(cloudTable(results)),
    '## Least and greatest',
    markdownTable(spreadTable(results)),
    '## Processor time per operation, µs, all threads',
    markdownTable(cpuTable(results)),
    '## Resident memory, MiB, the rows of the benchmark included',
    markdownTable(memoryTable(results)),
    '## The longest stretch in which the event loop did not turn, ms',
    'Callers that are answered at once let the loop turn every 2 ms.',
    markdownTable(stallTable(results)),
    '## Given to the disk in a round, MiB',
    markdownTable(bytesTable(results)),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Returns the run and its judgements as JSON. */
export function renderJson(results: Results, machine: string, day: string): string {
  const judgements = judge(results);
  const facts = { machine, day, command: commandOf(results), missed: missed(judgements) };
  return `${JSON.stringify({ ...facts, ...results, judgements }, undefined, 1)}\n`;
}

/** Returns the rates as a picture. */
export function renderPicture(results: Results): string {
  const panels = GROUPS.flatMap(({ workloads }) => workloads)
    .filter(({ name, unit }) => unit === 'ops/s' && peersOf(results, name).length > 1)
    .map(({ name, title, of }): BarPanel => {
      const bars = peersOf(results, name).map((peer) => {
        const value = summaryOf(results, name, peer)?.median ?? 0;
        const label = value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
        return { name: peer, value, label, isOurs: peer === CLORTHO };
      });
      return { title: `${title.replaceAll('`', '')}, ${of}/s`, bars };
    });
  return barChart(panels);
}

function commandOf({ entries, seed }: Results): string {
  return `pnpm bench --entries ${entries} --seed ${seed}`;
}
