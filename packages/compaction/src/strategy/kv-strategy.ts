/**
 * The strategy of `kv` families: a lazily leveled tree (Dayan and Idreos, "Dostoevsky", 2018) whose bottom is split into
 * Current and History.
 *
 * Order of decisions: what costs nothing (drops, moves), what keeps reads bounded (base when delta is half of it, then the
 * runs of delta), what keeps old reads bounded (History windows), what is worth doing while nobody writes.
 */
import { KV_DEFAULTS, type KvOptions } from './options.ts';
import { pickAtRest } from './pick-at-rest.ts';
import { pickBase, planWholeBase } from './pick-base.ts';
import { pickDelta } from './pick-delta.ts';
import { pickDrops } from './pick-drops.ts';
import { pickHistory } from './pick-history.ts';
import { pickMoves } from './pick-moves.ts';
import { type CompactionState, type DropPlan, NOTHING, type Strategy } from './plan.ts';

/** Returns the strategy of a `kv` family. */
export function kvStrategy(options: Partial<KvOptions> = {}): Strategy {
  const settings = { ...KV_DEFAULTS, ...options };
  return (state) =>
    planDrops(state, settings) ??
    pickMoves(state, settings) ??
    pickBase(state, settings) ??
    pickDelta(state, settings) ??
    pickHistory(state, settings) ??
    pickAtRest(state, settings) ??
    NOTHING;
}

/** Returns what {@link kvStrategy} does to keep the runs of delta few, and nothing else. */
export function deltaStrategy(options: Partial<KvOptions> = {}): Strategy {
  const settings = { ...KV_DEFAULTS, ...options };
  return (state) => pickDelta(state, settings) ?? NOTHING;
}

/**
 * Returns the strategy of an explicit compaction of a `kv` family: drops, then everything in delta goes into base,
 * then what is due in History, then nothing. With `full`, all Current files are rewritten along with the delta, not
 * only the overlapping ones.
 */
export function manualStrategy(options: Partial<KvOptions> & { readonly full?: boolean } = {}): Strategy {
  const settings = { ...KV_DEFAULTS, ...options };
  return (state) =>
    planDrops(state, settings) ??
    (options.full === true ? undefined : pickMoves(state, settings)) ??
    planWholeBase(state, settings, options.full ?? false) ??
    pickHistory(state, settings) ??
    NOTHING;
}

function planDrops(state: CompactionState, options: KvOptions): DropPlan | undefined {
  const files = pickDrops(state, options);
  if (files.length === 0) return undefined;
  return {
    kind: 'drop',
    files,
    reason: `no readable time from ${state.horizon} on needs ${files.length} files`,
  };
}
