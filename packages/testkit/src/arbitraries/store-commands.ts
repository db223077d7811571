/** Sequences of commands to a store, weighted so that versions pile up on few keys and are read at many times. */
import { compareBytes } from '@clortho/base';
import * as fc from 'fast-check';
import { FAMILY_DEFAULT, type ModelOperation } from '../model/operation.ts';
import type { ModelScan } from '../model/reference-model.ts';
import type { ModelFamily } from '../model/timeline.ts';
import { smallKeys, smallValues } from './store-bytes.ts';
import type { PastTime, StoreCommand } from './store-command.ts';

/** What {@link storeCommands} draws from. */
export interface StoreCommandsOptions {
  /** The families by name, as the model takes them; only `default` by default. */
  readonly families?: Readonly<Record<string, ModelFamily>> | undefined;
  /** The most commands of a sequence; 50 by default. */
  readonly commandsMax?: number | undefined;
  /** The most operations of a batch; 6 by default. */
  readonly operationsMax?: number | undefined;
  /** The greatest distance of two commits with external time, in microseconds; 1,500 by default. */
  readonly stepMicrosMax?: number | undefined;
  /** The longest `advance`, in milliseconds. Without it there is no such command. */
  readonly advanceMsMax?: number | undefined;
  /** Commands that the store does not know. */
  readonly without?: readonly StoreCommand['type'][] | undefined;
  /** Keys; {@link smallKeys} by default. */
  readonly key?: fc.Arbitrary<Uint8Array> | undefined;
  /** Values and merge operands; {@link smallValues} by default. */
  readonly value?: fc.Arbitrary<Uint8Array> | undefined;
}

/** How often each command is drawn. */
const WEIGHTS: Readonly<Record<StoreCommand['type'], number>> = {
  write: 40,
  get: 10,
  getMany: 4,
  scan: 12,
  history: 8,
  snapshot: 3,
  snapshotGet: 4,
  snapshotScan: 4,
  snapshotClose: 2,
  truncate: 2,
  compact: 6,
  split: 1,
  reopen: 2,
  advance: 6,
};

/** Returns sequences of commands for {@link runStoreCommands}. */
export function storeCommands(options: StoreCommandsOptions = {}): fc.Arbitrary<StoreCommand[]> {
  const arbitraries = commandArbitraries(options);
  const types = (Object.keys(WEIGHTS) as StoreCommand['type'][]).filter(
    (type) => !options.without?.includes(type) && (type !== 'advance' || options.advanceMsMax !== undefined),
  );
  const command = fc.oneof(...types.map((type) => ({ weight: WEIGHTS[type], arbitrary: arbitraries[type] })));
  return fc.array(command, { maxLength: options.commandsMax ?? 50, size: 'max' });
}

function commandArbitraries(
  options: StoreCommandsOptions,
): Record<StoreCommand['type'], fc.Arbitrary<StoreCommand>> {
  const key = options.key ?? smallKeys();
  const families = { [FAMILY_DEFAULT]: {}, ...options.families };
  const family = fc.constantFrom(...Object.keys(families));
  const keys = fc.array(key, { minLength: 1, maxLength: 5 });
  const at = fc.option(pastTime(), { nil: undefined });
  const snapshot = fc.nat(7);
  const scan = scans(key);
  const type = <const Type extends StoreCommand['type']>(name: Type): fc.Arbitrary<Type> => fc.constant(name);
  return {
    write: fc.record({
      type: type('write'),
      operations: fc.array(operations(families, key, options.value ?? smallValues()), {
        minLength: 1,
        maxLength: options.operationsMax ?? 6,
      }),
      stepMicros: fc.oneof(fc.constantFrom(1, 2), fc.integer({ min: 1, max: options.stepMicrosMax ?? 1500 })),
    }),
    get: fc.record({ type: type('get'), family, key, at }),
    getMany: fc.record({ type: type('getMany'), family, keys, at }),
    scan: fc.record({ type: type('scan'), family, scan, at }),
    history: fc.record({ type: type('history'), family, key, from: at, to: at }),
    snapshot: fc.record({ type: type('snapshot') }),
    snapshotGet: fc.record({ type: type('snapshotGet'), snapshot, family, keys }),
    snapshotScan: fc.record({ type: type('snapshotScan'), snapshot, family, scan }),
    snapshotClose: fc.record({ type: type('snapshotClose'), snapshot }),
    truncate: fc.record({ type: type('truncate'), at }),
    compact: fc.record({ type: type('compact') }),
    split: fc.record({ type: type('split'), key }),
    reopen: fc.record({ type: type('reopen') }),
    advance: fc.record({ type: type('advance'), ms: fc.nat(options.advanceMsMax ?? 0) }),
  };
}

// Small numbers shrink well; far ones wrap around and reach late commits.
function pastTime(): fc.Arbitrary<PastTime> {
  return fc.record({ commit: fc.nat(60), offset: fc.constantFrom(0 as const, -1 as const, 1 as const) });
}

function operations(
  families: Readonly<Record<string, ModelFamily>>,
  key: fc.Arbitrary<Uint8Array>,
  value: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<ModelOperation> {
  const names = Object.keys(families);
  const family = fc.constantFrom(...names).map((name) => (name === FAMILY_DEFAULT ? undefined : name));
  const merging = names.filter((name) => families[name]?.merge !== undefined);
  const choices: fc.WeightedArbitrary<ModelOperation>[] = [
    { weight: 8, arbitrary: fc.record({ type: fc.constant('put'), key, value, family }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('del'), key, family }) },
    { weight: 1, arbitrary: rangeDelete(key, family) },
  ];
  if (merging.length > 0) {
    const family = fc.constantFrom(...merging);
    choices.push({ weight: 6, arbitrary: fc.record({ type: fc.constant('merge'), key, value, family }) });
  }
  return fc.oneof(...choices);
}

function rangeDelete(
  key: fc.Arbitrary<Uint8Array>,
  family: fc.Arbitrary<string | undefined>,
): fc.Arbitrary<ModelOperation> {
  return fc
    .tuple(key, key, family)
    .filter(([left, right]) => compareBytes(left, right) !== 0)
    .map(([left, right, family]) => {
      const [start, end] = compareBytes(left, right) < 0 ? [left, right] : [right, left];
      return { type: 'deleteRange', start, end, family };
    });
}

// Bounds are drawn independently: inverted ones are refused by store and model alike.
function scans(key: fc.Arbitrary<Uint8Array>): fc.Arbitrary<ModelScan> {
  const lower = fc.oneof(
    fc.constant({}),
    key.map((gte) => ({ gte })),
    key.map((gt) => ({ gt })),
  );
  const upper = fc.oneof(
    fc.constant({}),
    key.map((lte) => ({ lte })),
    key.map((lt) => ({ lt })),
  );
  const rest = fc.record({ prefix: key, reverse: fc.boolean(), limit: fc.nat(6) }, { requiredKeys: [] });
  return fc.tuple(lower, upper, rest).map(([lower, upper, rest]) => ({ ...lower, ...upper, ...rest }));
}
