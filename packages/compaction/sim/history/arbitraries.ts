/**
 * Random schedules for the world, as plain data.
 *
 *     one key     versions of one key pile up and are merged in every way
 *     rivals      several processes compact the same keys side by side, slowly, while others write and split
 *     parts       files of one key beside files of several, merged in ranges
 *     fleeting    rows of short lives, and horizons near their ends
 *     times       horizons, pins and drops that overlap, over little data
 *     anything    all of that
 */
import fc from 'fast-check';
import type { Choice, Schedule, Setting, Step } from './schedule.ts';

/** How often each kind of step is drawn, against the others. */
type Weights = Readonly<Record<Step['type'], number>>;
type ChoiceWeights = Readonly<Record<Choice['by'], number>>;

interface Profile {
  /** How often it is drawn, against the others. */
  readonly weight: number;
  readonly keys: readonly number[];
  readonly processes: readonly number[];
  readonly shards: readonly number[];
  readonly steps: Weights;
  readonly choices: ChoiceWeights;
  readonly kinds: readonly ('put' | 'del' | 'merge')[];
  /** How far a horizon moves. */
  readonly furtherMax: number;
  /** Times to live. */
  readonly lives: readonly (number | undefined)[];
  readonly partBytes: readonly number[];
  readonly stepsMax: number;
}

const NO_STEPS: Weights = {
  commit: 0,
  compact: 0,
  look: 0,
  begin: 0,
  finish: 0,
  horizon: 0,
  truncate: 0,
  pin: 0,
  narrow: 0,
  unpin: 0,
  split: 0,
  close: 0,
  refresh: 0,
  fail: 0,
  reopen: 0,
};

const ANYTHING: Profile = {
  weight: 3,
  keys: [0, 0, 0, 0, 1, 1, 2, 3],
  processes: [0, 0, 0, 1],
  shards: [0, 0, 1, 2],
  steps: {
    commit: 12,
    compact: 6,
    look: 8,
    begin: 3,
    finish: 4,
    horizon: 3,
    truncate: 1,
    pin: 2,
    narrow: 1,
    unpin: 1,
    split: 1,
    close: 1,
    refresh: 1,
    fail: 1,
    reopen: 1,
  },
  choices: { strategy: 3, manual: 1, delta: 4, base: 5, history: 2, drop: 2, move: 1 },
  kinds: ['put', 'put', 'del', 'merge', 'merge'],
  furtherMax: 15,
  lives: [undefined, undefined, undefined, 2, 4, 7],
  partBytes: [1, 700, 1500, 1_000_000],
  stepsMax: 32,
};

const ONE_KEY: Profile = {
  ...ANYTHING,
  weight: 2,
  keys: [0, 0, 0, 0, 0, 0, 1],
  processes: [0],
  shards: [0],
  steps: { ...NO_STEPS, commit: 10, compact: 9, horizon: 4, pin: 1, unpin: 1, close: 1 },
  choices: { strategy: 2, manual: 0, delta: 5, base: 4, history: 1, drop: 2, move: 1 },
  stepsMax: 20,
};

const PROFILES: readonly Profile[] = [
  ANYTHING,
  ONE_KEY,
  {
    ...ONE_KEY,
    steps: { ...NO_STEPS, commit: 12, compact: 8, horizon: 5, pin: 1, close: 2 },
    choices: { strategy: 1, manual: 0, delta: 6, base: 6, history: 0, drop: 2, move: 1 },
    kinds: ['put', 'put', 'merge', 'merge', 'merge', 'del'],
    furtherMax: 6,
    lives: [2, 3, 4, 5, 6],
    stepsMax: 16,
  },
  {
    ...ANYTHING,
    keys: [0, 1, 2, 3],
    processes: [0, 1],
    shards: [0, 1],
    steps: {
      ...NO_STEPS,
      commit: 9,
      look: 9,
      begin: 1,
      finish: 7,
      compact: 3,
      horizon: 1,
      split: 1,
      fail: 1,
      reopen: 1,
    },
    choices: { strategy: 3, manual: 2, delta: 3, base: 6, history: 1, drop: 0, move: 1 },
    stepsMax: 24,
  },
  {
    ...ANYTHING,
    weight: 2,
    keys: [0, 1, 2, 3],
    processes: [0, 1],
    shards: [0],
    steps: { ...NO_STEPS, commit: 7, compact: 4, look: 4, finish: 4 },
    choices: { strategy: 2, manual: 4, delta: 0, base: 6, history: 0, drop: 0, move: 1 },
    kinds: ['put', 'put', 'del'],
    lives: [undefined],
    partBytes: [1500, 1_000_000, 1_000_000],
    stepsMax: 14,
  },
  {
    ...ANYTHING,
    weight: 2,
    keys: [0, 0, 1],
    processes: [0, 1],
    shards: [0],
    steps: {
      ...NO_STEPS,
      commit: 6,
      compact: 4,
      look: 4,
      begin: 4,
      finish: 4,
      horizon: 4,
      truncate: 4,
      pin: 4,
      narrow: 2,
    },
    choices: { strategy: 2, manual: 1, delta: 1, base: 5, history: 1, drop: 4, move: 1 },
    stepsMax: 24,
  },
];

const seldom = fc.constantFrom(false, false, false, true);
const job = fc.nat({ max: 3 });

/** All schedules. */
export const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  ...PROFILES.map((profile) => ({
    weight: profile.weight,
    arbitrary: fc.record({
      setting: settingOf(profile),
      steps: fc.array(stepOf(profile), { minLength: 8, maxLength: profile.stepsMax, size: 'max' }),
    }),
  })),
);

function settingOf({ lives, partBytes }: Profile): fc.Arbitrary<Setting> {
  const fileBytes = fc.constantFrom(1, 10_000);
  const setting = fc.record({
    keeps: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      'what a filter keeps',
      'versions',
      'no timestamps',
    ),
    moveBytes: fc.constantFrom(undefined, undefined, 1),
    ttl: fc.constantFrom(...lives),
    fileBytes: fc.tuple(fileBytes, fileBytes),
    deltaRuns: fc.integer({ min: 1, max: 3 }),
    runsMax: fc.integer({ min: 1, max: 4 }),
    baseBytes: fc.constantFrom(0, 1_000_000),
    partBytes: fc.constantFrom(...partBytes),
  }) satisfies fc.Arbitrary<Setting>;
  // What is kept by number or without timestamps has no time to live.
  return setting.map((drawn) =>
    drawn.keeps === 'versions' || drawn.keeps === 'no timestamps' ? { ...drawn, ttl: undefined } : drawn,
  );
}

function stepOf(profile: Profile): fc.Arbitrary<Step> {
  const { keys, processes, shards, steps, choices, kinds, furtherMax } = profile;
  const key = fc.constantFrom(...keys);
  const kind = fc.constantFrom(...kinds);
  const span = fc.tuple(key, key);
  const process = fc.constantFrom(...processes);
  const shard = fc.constantFrom(...shards);
  const choice = choiceOf(choices, span);
  const further = fc.nat({ max: furtherMax });
  const rows = fc.array(fc.tuple(key, kind), { minLength: 1, maxLength: 2 });
  const of: { readonly [Type in Step['type']]: fc.Arbitrary<Omit<Step & { type: Type }, 'type'>> } = {
    commit: fc.record({ gap: fc.nat({ max: 2 }), range: fc.option(span, { nil: undefined, freq: 5 }), rows }),
    compact: fc.record({ process, shard, choice }),
    look: fc.record({ process, shard, choice, slowly: seldom, isStale: seldom }),
    begin: fc.record({ process }),
    finish: fc.record({ process, job }),
    horizon: fc.record({ shard, step: further }),
    truncate: fc.record({ process, shard, step: further, choice }),
    pin: fc.record({ shard, at: fc.nat({ max: 20 }), slowly: fc.boolean() }),
    narrow: fc.constant({}),
    unpin: fc.record({ index: fc.nat({ max: 3 }) }),
    split: fc.record({ shard, key: fc.nat({ max: 2 }) }),
    close: fc.record({ shard, gap: fc.nat({ max: 4 }) }),
    refresh: fc.record({ process }),
    fail: fc.record({ process, job }),
    reopen: fc.record({ process }),
  };
  return drawn(steps, (type) => of[type].map((rest) => ({ type, ...rest }) as Step));
}

function choiceOf(
  weights: ChoiceWeights,
  span: fc.Arbitrary<readonly [number, number]>,
): fc.Arbitrary<Choice> {
  const of: { readonly [By in Choice['by']]: fc.Arbitrary<Omit<Choice & { by: By }, 'by'>> } = {
    strategy: fc.constant({}),
    manual: fc.record({ full: fc.boolean() }),
    delta: fc.record({ first: fc.nat({ max: 7 }), count: fc.nat({ max: 2 }) }),
    base: fc.record({ count: fc.nat({ max: 5 }), keys: fc.option(span, { nil: undefined, freq: 3 }) }),
    history: fc.record({ window: fc.nat({ max: 3 }) }),
    drop: fc.constant({}),
    move: fc.constant({}),
  };
  return drawn(weights, (by) => of[by].map((rest) => ({ by, ...rest }) as Choice));
}

/** Draws by weights; what has none is left out. */
function drawn<Name extends string, Value>(
  weights: Readonly<Record<Name, number>>,
  arbitraryOf: (name: Name) => fc.Arbitrary<Value>,
): fc.Arbitrary<Value> {
  const names = (Object.keys(weights) as Name[]).filter((name) => weights[name] > 0);
  return fc.oneof(...names.map((name) => ({ weight: weights[name], arbitrary: arbitraryOf(name) })));
}
