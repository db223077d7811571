/**
 * Scenarios: what kind of world a run is, so that each rule of the protocol has worlds in which breaking it shows.
 *
 *     crowd     several writers and lanes on few keys: races, lost replies, transactions
 *     times     reads of times that have not been closed yet, between writers whose clocks differ
 *     garbage   slow uploads and swaps while two keepers compact and collect without rest
 *     pins      snapshots taken slowly and read for long, while two keepers compact and collect
 *     window    snapshots taken quickly and often, while one keeper compacts quickly and another collects slowly
 *     scans     unpinned scans over all shards that are read slowly, while files vanish under them
 *     lapse     snapshots whose pins cannot be renewed, until others end them
 *     merges    compaction that takes many passes of collection by others from its first upload to its commit
 *
 * In some of each, keepers split shards while all this goes on.
 *
 * Invariants:
 * - Everything is drawn from the seed; rates are mild in some worlds, for long histories, and wild in others.
 */
import type { Random } from '@clortho/base';
import type { FaultRates, ScriptedFault } from '@clortho/testkit';
import { between, pick, pickWeighted } from './draw.ts';

/** What a client may do. */
export type Action = 'batch' | 'putIf' | 'transact' | 'latest' | 'scan' | 'past' | 'snapshot';

/** How calls of one kind of process travel. */
export interface Journey {
  readonly objects: FaultRates;
  readonly registers: FaultRates;
  readonly delayMsMax: number;
  readonly script: readonly ScriptedFault[];
}

/** The kind of a run. */
export interface Scenario {
  readonly kind: 'crowd' | 'times' | 'garbage' | 'pins' | 'window' | 'scans' | 'lapse' | 'merges';
  readonly splits: readonly string[];
  /** All keys that clients use. */
  readonly keys: readonly string[];
  readonly writers: number;
  /** Processes that never write. */
  readonly readers: number;
  readonly lanesMax: number;
  /** Calls of all writers together, and of all readers. */
  readonly calls: number;
  readonly readerCalls: number;
  /** The longest pause of a lane between calls; short ones are drawn more often. */
  readonly pauseMsMax: number;
  readonly actions: readonly (readonly [weight: number, action: Action])[];
  readonly readerActions: Scenario['actions'];
  /** The longest time that a snapshot stays open. */
  readonly snapshotMsMax: number;
  /** The longest time between two rows of an unpinned scan. */
  readonly rowMsMax: number;
  readonly keepers: number;
  /** How often all keepers together compact or collect. */
  readonly rounds: number;
  /** How many of these rounds compact. */
  readonly compactShare: number;
  readonly keeperPauseMsMax: number;
  /** Where keepers split shards, one after the other, each time one of so many rounds comes. */
  readonly splitKeys: readonly string[];
  readonly splitShare: number;
  /** Keepers that collect, pass after pass, and how often all together. */
  readonly collectors: number;
  readonly passes: number;
  /** How far clocks may be off, either way. */
  readonly skewMsMax: number;
  readonly refreshMs: number;
  /** What processes remember of files that they wrote or read. */
  readonly cacheBytes: number;
  /** Edits that a head holds before they are folded; with 0 every edit is folded with its own commit. */
  readonly tailEdits: number;
  /** The size from which on merges into base are cut in keys. */
  readonly partBytes: number;
  readonly writer: Journey;
  readonly reader: Journey;
  readonly keeper: Journey;
  readonly collector: Journey;
}

const SPLITS: readonly (readonly string[])[] = [[], ['m'], ['c', 'n'], ['b', 'm', 'x']];
/** Per list of splits, keys over all shards, the ones to meet at first. */
const KEYS: readonly (readonly string[])[] = [
  ['a', 'n', 'x'],
  ['a', 'n', 'b', 'o'],
  ['a', 'n', 'c', 'o'],
  ['a', 'x', 'n', 'c', 'y'],
];

/** Between the keys, and at one; most runs split nothing. */
const SPLIT_KEYS: readonly (readonly string[])[] = [[], [], ['n'], ['b', 'p'], ['o', 'ab', 'd']];

/** Enough for everything. */
const CACHE_BYTES = 1024 * 1024;
/** Not enough for anything. */
const NO_CACHE_BYTES = 1;

const EVEN: Scenario['actions'] = [
  [4, 'batch'],
  [2, 'putIf'],
  [4, 'transact'],
  [1, 'latest'],
  [1, 'scan'],
  [1, 'past'],
  [1, 'snapshot'],
];

/** Draws the scenario of a run. */
export function drawScenario(random: Random): Scenario {
  const kind = pickWeighted(random, [
    [5, 'crowd'],
    [4, 'times'],
    [8, 'garbage'],
    [4, 'pins'],
    [3, 'window'],
    [1, 'scans'],
    [1, 'lapse'],
    [1, 'merges'],
  ] as const);
  const shape = between(random, 0, SPLITS.length - 1);
  const keys = KEYS[shape] as readonly string[];
  const even: Scenario = {
    kind,
    splits: SPLITS[shape] as readonly string[],
    keys: keys.slice(0, between(random, Math.min(2, keys.length), keys.length)),
    writers: between(random, 2, 3),
    readers: 0,
    lanesMax: 3,
    calls: 11,
    readerCalls: 0,
    pauseMsMax: pick(random, [20, 100, 300]),
    actions: EVEN,
    readerActions: [[1, 'latest']],
    snapshotMsMax: 300,
    rowMsMax: 30,
    keepers: 1,
    rounds: 3,
    compactShare: 1 / 3,
    keeperPauseMsMax: 300,
    splitKeys: pick(random, SPLIT_KEYS),
    splitShare: 1 / 2,
    collectors: 0,
    passes: 0,
    skewMsMax: pick(random, [0, 100, 2000]),
    refreshMs: 1000,
    cacheBytes: pick(random, [CACHE_BYTES, NO_CACHE_BYTES]),
    tailEdits: pick(random, [0, 2, 4, 16]),
    partBytes: pick(random, [1200, 1e9]),
    writer: drawJourney(random, 30),
    reader: drawJourney(random, 30),
    keeper: drawJourney(random, 30),
    collector: drawJourney(random, 30),
  };
  switch (kind) {
    case 'crowd':
      return even;
    case 'times':
      return timesOf(even, random);
    case 'garbage':
      return garbageOf(even, random);
    case 'pins':
      return pinsOf(even, random);
    case 'window':
      return windowOf(even);
    case 'scans':
      return scansOf(even, random);
    case 'lapse':
      return lapseOf(even);
    case 'merges':
      return mergesOf(even);
  }
}

function timesOf(even: Scenario, random: Random): Scenario {
  const actions = [
    [4, 'batch'],
    [1, 'transact'],
    [2, 'past'],
    [1, 'snapshot'],
  ] as const;
  return {
    ...even,
    actions,
    readers: 2,
    readerCalls: 10,
    readerActions: [[1, 'past']],
    calls: 12,
    rounds: 6,
    splitKeys: ['n', 'ab', 'b', 'o', 'p', 'd'],
    splitShare: 1,
    keeperPauseMsMax: even.pauseMsMax,
    skewMsMax: pick(random, [500, 2000]),
  };
}

function garbageOf(even: Scenario, random: Random): Scenario {
  return {
    ...even,
    calls: 10,
    keepers: 2,
    rounds: 10,
    keeperPauseMsMax: 200,
    skewMsMax: pick(random, [0, 0, 2000, 20_000]),
    writer: { ...even.writer, ...slow(even.writer), delayMsMax: 1500 },
    keeper: { ...even.keeper, delayMsMax: pick(random, [10, 100, 1500]) },
    // Quick passes beside merges and pins that take long.
    collectors: pick(random, [0, 1]),
    passes: 20,
    collector: unhurried(10),
  };
}

function pinsOf(even: Scenario, random: Random): Scenario {
  const actions = [
    [4, 'batch'],
    [1, 'latest'],
    [4, 'snapshot'],
  ] as const;
  return {
    ...even,
    calls: 10,
    actions,
    cacheBytes: NO_CACHE_BYTES,
    snapshotMsMax: 2000,
    keepers: 2,
    rounds: 12,
    compactShare: 1 / 2,
    keeperPauseMsMax: 200,
    writer: { ...even.writer, ...slow(even.writer), delayMsMax: pick(random, [10, 300, 1000]) },
    keeper: { ...even.keeper, ...slow(even.keeper), delayMsMax: pick(random, [10, 300, 1500]) },
  };
}

function windowOf(even: Scenario): Scenario {
  return {
    ...even,
    writers: 1,
    lanesMax: 2,
    calls: 12,
    actions: [[1, 'batch']],
    readers: 1,
    readerCalls: 16,
    readerActions: [[1, 'snapshot']],
    snapshotMsMax: 8000,
    pauseMsMax: 8000,
    rounds: 6,
    compactShare: 1,
    keeperPauseMsMax: 9000,
    collectors: 2,
    passes: 24,
    refreshMs: 30_000,
    writer: unhurried(10),
    reader: unhurried(10),
    keeper: unhurried(30),
    collector: { ...unhurried(800), objects: {} },
  };
}

function scansOf(even: Scenario, random: Random): Scenario {
  const shape = between(random, 1, SPLITS.length - 1);
  return {
    ...even,
    splits: SPLITS[shape] as readonly string[],
    keys: KEYS[shape] as readonly string[],
    writers: 1,
    calls: 14,
    actions: [[1, 'batch']],
    readers: 1,
    readerCalls: 8,
    lanesMax: 2,
    readerActions: [[1, 'scan']],
    pauseMsMax: 1200,
    rowMsMax: 1000,
    keepers: 2,
    rounds: 24,
    compactShare: 1 / 2,
    keeperPauseMsMax: 500,
    cacheBytes: NO_CACHE_BYTES,
    refreshMs: 5000,
  };
}

function mergesOf(even: Scenario): Scenario {
  return {
    ...even,
    writers: 1,
    lanesMax: 2,
    calls: 10,
    actions: [[1, 'batch']],
    pauseMsMax: 1500,
    keepers: 1,
    rounds: 8,
    compactShare: 1,
    keeperPauseMsMax: 500,
    collectors: 1,
    passes: 60,
    cacheBytes: CACHE_BYTES,
    writer: unhurried(10),
    keeper: unhurried(3000),
    collector: unhurried(10),
  };
}

/** The first two swaps of a session (hold, narrow) arrive; none after them does. */
function lapseOf(even: Scenario): Scenario {
  const swap = { call: 'swap', prefix: 'pins/' } as const;
  const script: readonly ScriptedFault[] = [
    { ...swap, number: 1, fault: { kind: 'delay' } },
    { ...swap, number: 2, fault: { kind: 'delay' } },
    { ...swap, fault: { kind: 'errorBeforeEffect' } },
  ];
  return {
    ...even,
    writers: 1,
    calls: 8,
    actions: [[1, 'batch']],
    readers: 3,
    readerCalls: 3,
    readerActions: [[1, 'snapshot']],
    lanesMax: 1,
    pauseMsMax: 60_000,
    snapshotMsMax: 250_000,
    rounds: 16,
    compactShare: 1 / 2,
    keeperPauseMsMax: 30_000,
    cacheBytes: NO_CACHE_BYTES,
    refreshMs: 20_000,
    reader: { ...unhurried(10), script },
  };
}

function drawJourney(random: Random, delayMsMax: number): Journey {
  const rate = pick(random, [0.01, 0.03, 0.08]);
  const shared = {
    delay: pick(random, [0, 0.3, 0.8]),
    errorBeforeEffect: rate,
    errorAfterEffect: rate,
    applyLater: rate / 2,
    duplicate: rate,
    throttle: rate / 10,
  };
  // A call of a client reads many objects and few registers.
  const objects = { ...shared, errorBeforeEffect: rate / 5, throttle: rate / 50, crash: rate / 50 };
  return { objects, registers: { ...shared, crash: rate / 4 }, delayMsMax, script: [] };
}

/** Nothing fails, and most calls take their time: some meetings take several steps, all of which have to come off. */
function unhurried(delayMsMax: number): Journey {
  return { objects: { delay: 0.2 }, registers: { delay: 0.8 }, delayMsMax, script: [] };
}

/** The same faults, and most calls take their time. */
function slow({ objects, registers }: Journey): Pick<Journey, 'objects' | 'registers'> {
  return { objects: { ...objects, delay: 0.5 }, registers: { ...registers, delay: 0.5 } };
}
