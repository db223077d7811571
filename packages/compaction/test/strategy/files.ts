/** Files with few words: facts that matter to a strategy, the rest as a commit would have it. */
import { encodeUtf8 } from '@clortho/base';
import { NEVER } from '@clortho/sst';
import type { CompactionFile, CompactionState } from '../../src/index.ts';

export type FileFacts = Partial<Omit<CompactionFile, 'lower' | 'upper'>> & {
  readonly id: string;
  readonly keys?: readonly [lower: string, upper: string | undefined];
};

export function delta(facts: FileFacts & { readonly run: number }): CompactionFile {
  return fileOf({ tier: 'delta', minTimestamp: facts.run, maxTimestamp: facts.run, ...facts });
}

export function current(facts: FileFacts): CompactionFile {
  return fileOf({ tier: 'current', ...facts });
}

export function history(facts: FileFacts & { readonly ends: readonly [number, number] }): CompactionFile {
  const [minEndTimestamp, maxEndTimestamp] = facts.ends;
  const { ends: _, ...rest } = facts;
  return fileOf({ tier: 'history', minEndTimestamp, maxEndTimestamp, ...rest });
}

export function stateOf(
  files: readonly CompactionFile[],
  facts: Partial<CompactionState> = {},
): CompactionState {
  return { files, horizon: Number.NEGATIVE_INFINITY, pins: [], upper: 1000, ...facts };
}

function fileOf({ keys = ['a', 'z'], ...facts }: FileFacts): CompactionFile {
  return {
    tier: 'delta',
    level: 0,
    run: 0,
    bytes: 100,
    tailBytes: 10,
    rows: 10,
    deletes: 0,
    merges: 0,
    rangeDeletes: 0,
    minTimestamp: 0,
    maxTimestamp: 0,
    minEndTimestamp: NEVER,
    maxEndTimestamp: NEVER,
    uniform: false,
    ...facts,
    lower: encodeUtf8(keys[0]),
    upper: keys[1] === undefined ? undefined : encodeUtf8(keys[1]),
  };
}
