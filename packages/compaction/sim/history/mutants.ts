/** Broken variants of the rules, each of which the simulation must catch. */
import { DELETE, MERGE, NEVER } from '@clortho/sst';
import type { MergeRules, RowSink } from '../../src/merge/merge-rules.ts';
import { reduceBase } from '../../src/merge/reduce-base.ts';
import { reduceDelta } from '../../src/merge/reduce-delta.ts';
import { isReadable } from '../../src/strategy/readable.ts';
import type { VersionGroup } from '../../src/versions/version-group.ts';
import { type Behaviour, CORRECT } from './world.ts';

export const mutants: Readonly<Record<string, Behaviour>> = {
  'base takes the newest delta runs': { ...CORRECT, baseRuns: (runs, count) => runs.slice(-count) },
  'base skips the oldest delta run': { ...CORRECT, baseRuns: (runs, count) => runs.slice(1, 1 + count) },
  'a newest tombstone is dropped from delta': {
    ...CORRECT,
    reduceDelta: (group, rules, sink) =>
      reduceDelta(
        group,
        rules,
        only(sink, (_timestamp, _end, kind) => kind !== DELETE),
      ),
  },
  'versions below an operand are dropped by the interval alone': { ...CORRECT, reduceDelta: literalDropRule },
  'an end timestamp is one late': {
    ...CORRECT,
    reduceBase: (group, rules, current, history) => reduceBase(group, rules, current, shifted(history, 1)),
  },
  'an end timestamp is one early': {
    ...CORRECT,
    reduceBase: (group, rules, current, history) => reduceBase(group, rules, current, shifted(history, -1)),
  },
  'base keeps only the newest life': {
    ...CORRECT,
    reduceBase: (group, rules, current) =>
      reduceBase(
        group,
        rules,
        current,
        only(current, () => false),
      ),
  },
  'a range delete covers its own timestamp': {
    ...CORRECT,
    rangeDeletesOf: (rangeDeletes) =>
      rangeDeletes.map((range) => ({ ...range, timestamp: range.timestamp + 0.5 })),
  },
  'range deletes are not applied when base drops them': withRules((rules) => ({
    ...rules,
    rangeDeletes: undefined,
  })),
  'pins are ignored': withRules((rules) => ({ ...rules, readable: { ...rules.readable, pins: [] } })),
  'the horizon is one late': withRules((rules) => ({
    ...rules,
    readable: { ...rules.readable, horizon: rules.readable.horizon + 2 },
  })),
  'a merge of some keys leaves its inputs as they were': { ...CORRECT, leftOf: (run) => run },
  'a merge of some keys takes its inputs whole': {
    ...CORRECT,
    leftOf: ({ run }) => ({ run, rows: [], rangeDeletes: [] }),
  },
  'a bucket is dropped when the first of its rows has ended': {
    ...CORRECT,
    endOf: (rows) => Math.min(...rows.map((row) => row.endTimestamp as number)),
  },
  'a batch has several rows of a key': { ...CORRECT, isDouble: () => false },
  'operands fold whatever the time to live': withRules((rules) => ({ ...rules, ttlMicros: undefined })),
  'expired rows leave base although an operand may still come': withRules((rules) => ({
    ...rules,
    mergedUpTo: Number.POSITIVE_INFINITY,
  })),
};

function withRules(rulesOf: (rules: MergeRules) => MergeRules): Behaviour {
  return { ...CORRECT, rulesOf };
}

function only(sink: RowSink, keeps: (timestamp: number, end: number, kind: number) => boolean): RowSink {
  return {
    append: (keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd) => {
      if (!keeps(timestamp, end, kind)) return;
      sink.append(keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd);
    },
  };
}

function shifted(sink: RowSink, by: number): RowSink {
  return {
    append: (keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd) => {
      if (end + by <= timestamp) return;
      sink.append(keyBytes, keyStart, keyEnd, timestamp, end + by, kind, valueBytes, valueStart, valueEnd);
    },
  };
}

function literalDropRule(group: VersionGroup, rules: MergeRules, sink: RowSink): void {
  for (let index = 0; index < group.length; index += 1) {
    const timestamp = group.timestamps[index] as number;
    const next = index === 0 ? NEVER : (group.timestamps[index - 1] as number);
    if (!isReadable(rules.readable, timestamp, next)) continue;
    sink.append(
      group.keyBytes,
      group.keyStart,
      group.keyEnd,
      timestamp,
      NEVER,
      group.kinds[index] ?? MERGE,
      group.valueBytes[index] as Uint8Array,
      group.valueStarts[index] as number,
      group.valueEnds[index] as number,
    );
  }
}
