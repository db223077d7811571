/**
 * What is measured, in groups: a group is one process per peer, in which its workloads run one after the other while the
 * processes of the peers take turns.
 *
 *     group reads    clortho  ─get─────────get─────────get──────────────peek── …
 *                    lmdb     ─────get─────────get─────────get──────────────── …
 */

/** One line of the table. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Operations per second, or something of which less is better. */
  readonly unit: 'ops/s' | 'ms' | '×' | 'requests';
  /** What one operation is. */
  readonly of: string;
}

/** Workloads that share a process. */
export interface Group {
  readonly name: GroupName;
  readonly workloads: readonly Workload[];
  /** Whether writes are durable. */
  readonly durable: boolean;
  /** Whether a store without a disk takes no part. */
  readonly needsDisk: boolean;
  /** Whether it begins with the store that was loaded before, and changes it or not. */
  readonly loaded: 'no' | 'shared' | 'copy';
  /** Times that each workload is measured. */
  readonly rounds: number;
  /** The module of its process. */
  readonly module: string;
  /** Whether the process ends after each round. */
  readonly isFreshEachRound?: boolean;
  /** Only stores with a past can do it. */
  readonly needsPast?: boolean;
  /** Only stores that can live in the modelled cloud can do it. */
  readonly needsCloud?: boolean;
}

/** A name of a group. */
export type GroupName =
  | 'durable-8'
  | 'durable-1'
  | 'fillrandom'
  | 'reads'
  | 'ycsb'
  | 'reopen'
  | 'overwrites'
  | 'as-of'
  | 'beside'
  | 'cloud';

/** Callers of a concurrent read. */
export const READ_CALLERS = 64;
/** Callers of YCSB. */
export const YCSB_CALLERS = 256;
/** Rows of a batch. */
export const BATCH_ROWS = 1000;
/** Keys of a `getMany`. */
export const MANY_KEYS = 100;
/** Rows of a scan in the cloud. */
export const CLOUD_SCAN_ROWS = 10;
/** Rows of a short scan. */
export const SHORT_SCAN_ROWS = 50;

const rate = (name: string, title: string, of: string): Workload => ({ name, title, unit: 'ops/s', of });

const requests = (name: string, title: string): Workload => ({ name, title, unit: 'requests', of: '' });

const WRITES: Pick<Group, 'loaded' | 'module' | 'rounds'> = {
  loaded: 'no',
  module: './run/write-process.js',
  rounds: 3,
};

/** All groups, in the order in which they run. */
export const GROUPS: readonly Group[] = [
  {
    ...WRITES,
    name: 'durable-8',
    durable: true,
    needsDisk: true,
    workloads: [rate('durable-8', 'durable batches of 1,000, 8 in flight', 'rows')],
  },
  {
    ...WRITES,
    name: 'durable-1',
    durable: true,
    needsDisk: true,
    workloads: [rate('durable-1', 'durable batches of 1,000, 1 in flight', 'rows')],
  },
  {
    ...WRITES,
    name: 'fillrandom',
    durable: false,
    needsDisk: false,
    workloads: [rate('fillrandom', 'fillrandom, 8 in flight; only Clortho is durable', 'rows')],
  },
  {
    name: 'reads',
    durable: false,
    needsDisk: false,
    loaded: 'shared',
    rounds: 3,
    module: './run/read-process.js',
    workloads: [
      rate('get', 'get hot, async, 64 callers', 'gets'),
      rate('get-sync', 'get hot, synchronous (`peek`)', 'gets'),
      rate('missing', 'get missing, async, 64 callers', 'gets'),
      rate('missing-sync', 'get missing, synchronous (`peek`)', 'gets'),
      rate('get-many', 'getMany(100)', 'keys'),
      rate('scan', 'full scan; Clortho: `for await`', 'rows'),
      rate('scan-chunks', 'full scan in chunks', 'rows'),
      rate('scan-50', 'scans of 50', 'scans'),
    ],
  },
  {
    name: 'ycsb',
    durable: true,
    needsDisk: true,
    loaded: 'copy',
    rounds: 3,
    module: './run/ycsb-process.js',
    workloads: [
      rate('ycsb-a', 'YCSB A: 50 % reads, 50 % updates', 'ops'),
      rate('ycsb-b', 'YCSB B: 95 % reads, 5 % updates', 'ops'),
      rate('ycsb-c', 'YCSB C: reads', 'ops'),
      rate('ycsb-f', 'YCSB F: 50 % reads, 50 % read-modify-write', 'ops'),
      rate('ycsb-d', 'YCSB D: 95 % reads of the latest, 5 % inserts', 'ops'),
      rate('ycsb-e', 'YCSB E: 95 % scans of 1–100, 5 % inserts', 'ops'),
    ],
  },
  {
    name: 'reopen',
    durable: true,
    needsDisk: true,
    loaded: 'shared',
    rounds: 5,
    module: './run/reopen-process.js',
    isFreshEachRound: true,
    workloads: [{ name: 'reopen', title: 'reopen to first get, without imports', unit: 'ms', of: '' }],
  },
  {
    name: 'overwrites',
    durable: false,
    needsDisk: true,
    loaded: 'no',
    rounds: 1,
    module: './run/overwrite-process.js',
    workloads: [
      { name: 'write-amplification', title: 'load + 3 overwrites: bytes written', unit: '×', of: '' },
      { name: 'space', title: 'load + 3 overwrites: space after', unit: '×', of: '' },
    ],
  },
  {
    name: 'as-of',
    durable: true,
    needsDisk: true,
    loaded: 'copy',
    rounds: 5,
    module: './run/past-process.js',
    needsPast: true,
    workloads: [
      rate('latest', 'get latest, a tenth overwritten, 64 callers', 'gets'),
      rate('as-of', 'get `asOf` the moment before, 64 callers', 'gets'),
    ],
  },
  {
    name: 'beside',
    durable: true,
    needsDisk: true,
    loaded: 'copy',
    rounds: 3,
    module: './run/beside-process.js',
    workloads: [
      { name: 'p99-idle', title: '1,000 reads/s, p99, alone', unit: 'ms', of: '' },
      { name: 'p99-beside', title: '… beside durable writes at 80 % of their most', unit: 'ms', of: '' },
    ],
  },
  {
    name: 'cloud',
    durable: true,
    needsDisk: true,
    loaded: 'no',
    rounds: 3,
    module: './run/cloud-process.js',
    needsCloud: true,
    workloads: [
      requests('cloud-get', 'cloud, cold, metadata cached: requests per point read'),
      requests('cloud-scan', 'cloud, cold, metadata cached: requests per scan of 10'),
      requests('cloud-zipf', 'cloud, a tenth cached: requests per zipfian read'),
      rate('cloud-write', 'cloud: durable batches of 1,000, 8 in flight', 'rows'),
    ],
  },
];
