/**
 * Histories of a right store: operations of several clients that take effect one after the other on the reference
 * model, and overlap as clients saw them.
 *
 *     effects       1    2    3    4         one at a time, each between invocation and return
 *     client a    [------2--]     [--4-]
 *     client b  [-1--]    [-----3----]
 */
import { type Random, randomBelow } from '@clortho/base';
import {
  type HistoryOperation,
  type HistoryRange,
  type HistoryWrite,
  type ModelOperation,
  type ModelSnapshot,
  type ReferenceModel,
  referenceModel,
} from '../../src/index.ts';

const KEYS = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];
const SPLITS = ['b', 'c'];

/** Returns the shard of a key. */
export function shardOf(key: string): number {
  return SPLITS.filter((split) => split <= key).length;
}

/** What is recorded. */
export interface RecordOptions {
  readonly random: Random;
  readonly operations: number;
  readonly clients: number;
  /** Whether there are timestamps, reads of the past and stale reads. */
  readonly isDated: boolean;
}

/** Records a history that is valid. */
export function recordHistory({ random, operations, clients, isDated }: RecordOptions): HistoryOperation[] {
  const below = (bound: number): number => randomBelow(random, bound);
  const model = referenceModel({ splits: SPLITS.map(bytes) });
  const history: HistoryOperation[] = [];
  const freeAt = Array.from({ length: clients }, () => 0);
  const floors = [0, 0, 0];
  const late: { readonly due: number; readonly index: number }[] = [];
  // The state after every commit, when it returned, and how much of that each client knows.
  const states = [model.snapshot()];
  const returns: number[] = [];
  const known = freeAt.map(() => 0);

  const someKeys = (): string[] => {
    const keys = KEYS.filter(() => below(3) === 0);
    return keys.length > 0 ? keys : [KEYS[below(KEYS.length)] as string];
  };
  const commit = (writes: readonly HistoryWrite[], reads: readonly string[], returned: number): number => {
    const touched = [...writes.map(({ key }) => shardOf(key)), ...reads.map(shardOf)];
    const clock = model.commits.length * 10 + below(40);
    const timestamp = Math.max(clock, ...touched.map((shard) => (floors[shard] as number) + 1));
    model.apply(timestamp, writes.map(operationOf));
    for (const shard of touched) floors[shard] = timestamp;
    states.push(model.snapshot());
    returns.push(returned);
    return timestamp;
  };
  const landLate = (moment: number): void => {
    for (const entry of late.splice(0)) {
      if (entry.due > moment) late.push(entry);
      else {
        const operation = history[entry.index] as HistoryOperation;
        const timestamp = commit(operation.writes ?? [], [], Number.POSITIVE_INFINITY);
        if (isDated && below(2) === 0) history[entry.index] = { ...operation, timestamp };
      }
    }
  };
  /** A read that knows no more than some earlier state. */
  const askStale = (client: number, invoked: number): Partial<HistoryOperation> => {
    const before = known[client] as number;
    const view = before + below(states.length - before);
    known[client] = view;
    const missed = Math.min(...returns.slice(view));
    const state = states[view] as ReadableState;
    return { reads: readsOf(state, someKeys()), stalenessMax: Math.max(1, invoked - missed) };
  };
  const ask = (client: number, invoked: number): Partial<HistoryOperation> => {
    const kind = below(isDated ? 6 : 3);
    if (kind === 5) return askStale(client, invoked);
    if (kind >= 3 && model.commits.length > 0) {
      const asOf = below(model.lastTimestamp + 1);
      const keys = someKeys();
      for (const key of keys) floors[shardOf(key)] = Math.max(floors[shardOf(key)] as number, asOf);
      return { asOf, reads: readsOf(model, keys, asOf) };
    }
    known[client] = model.commits.length;
    return kind === 0 ? { ranges: [rangeOf(model, below)] } : { reads: readsOf(model, someKeys()) };
  };

  for (let moment = 10; history.length < operations; moment += 1 + below(8)) {
    landLate(moment);
    const client = freeAt.findIndex((free) => free < moment && below(2) === 0);
    if (client < 0) continue;
    const free = freeAt[client] as number;
    const invoked = Math.max(free + 1, moment - below(30));
    const returned = moment + below(30);
    freeAt[client] = returned;
    const base = { process: `p${client}`, invoked, returned, outcome: 'ok' } as const;
    if (below(2) === 0) {
      history.push({ ...base, ...ask(client, invoked) });
      continue;
    }
    const index = history.length;
    const writes = someKeys().map((key) => ({ key, value: below(6) === 0 ? undefined : `${key}:${index}` }));
    const fate = below(12);
    if (fate === 0) history.push({ ...base, writes, outcome: 'failed' });
    else if (fate <= 2) {
      history.push({ ...base, writes, outcome: 'unknown' });
      if (fate === 1) late.push({ due: moment + below(400), index });
    } else {
      const keys = fate <= 5 ? someKeys() : [];
      const reads = readsOf(model, keys);
      const timestamp = commit(writes, keys, returned);
      known[client] = model.commits.length;
      history.push({ ...base, reads, writes, ...(isDated && { timestamp }) });
    }
  }
  return history;
}

type ReadableState = Pick<ReferenceModel, 'get'> | ModelSnapshot;

function readsOf(state: ReadableState, keys: readonly string[], asOf?: number) {
  return keys.map((key) => ({ key, value: text(state.get('default', bytes(key), asOf)) }));
}

function rangeOf(model: ReferenceModel, below: (bound: number) => number): HistoryRange {
  const [start, end] = [KEYS[below(3)] as string, KEYS[3 + below(3)] as string];
  const limit = below(2) === 0 ? undefined : below(3);
  const reverse = below(2) === 0;
  const rows = model.scan('default', { gte: bytes(start), lt: bytes(end), limit, reverse });
  return {
    start,
    end,
    limit,
    reverse,
    rows: rows.map(({ key, value }) => ({ key: text(key) as string, value: text(value) })),
  };
}

function operationOf({ key, value }: HistoryWrite): ModelOperation {
  return value === undefined
    ? { type: 'del', key: bytes(key) }
    : { type: 'put', key: bytes(key), value: bytes(value) };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
