/**
 * The world of a family: its shards, those who write and read, and the processes that compact it.
 *
 *     writers, horizons, snapshots, splits ──► heads and pins ◄── compactors, each with a view of its own
 *                    │                              │
 *                    └──► model                     └──► judge: every answer, after every step
 *
 * Invariants:
 * - Every change of a head is one swap against the newest state; whoever expected another one has lost.
 * - A snapshot holds everything before it reads the heads, and until its time is pinned.
 */
import { compareBytes, encodeUtf8 } from '@clortho/base';
import { DELETE, MERGE, PUT, type RangeDelete, type Row } from '@clortho/sst';
import { isAtOrBelow } from '../../src/strategy/overlap.ts';
import { rangesOverlap } from '../../src/strategy/runs.ts';
import { clipRangeDeletes } from '../../src/versions/clip-range-deletes.ts';
import { boundAt } from './choices.ts';
import { Compactor, type JobCounts, type Registers } from './compactor.ts';
import { EventModel, keepSome } from './event-model.ts';
import { Judge } from './judge.ts';
import { Objects } from './objects.ts';
import { KEYS, type ProcessStep, type Setting, type Step, type WorldStep } from './schedule.ts';
import { childrenOf, FIRST_SHARD, type Shard, settledOf } from './shard.ts';

/** A time of a shard that a snapshot reads. */
interface Pin {
  readonly shard: number;
  readonly time: number;
}

const PROCESSES = 2;
const SHARDS_MAX = 3;
const KINDS = { put: PUT, del: DELETE, merge: MERGE } as const;

/** See the module. */
export class World implements Registers {
  readonly counts: JobCounts = { committed: 0, partial: 0, moves: 0, refused: 0, lost: 0, beside: 0 };
  readonly #objects = new Objects();
  readonly #model: EventModel;
  readonly #judge: Judge;
  readonly #hasOperands: boolean;
  readonly #compactors: readonly Compactor[];
  #heads: ReadonlyMap<number, Shard> = new Map([[FIRST_SHARD.number, FIRST_SHARD]]);
  #pins: Pin[] = [];
  /** Snapshots that are being taken: they have read the heads. */
  #taking: Pin[] = [];
  #serial = 0;

  constructor(setting: Setting) {
    const { ttl, keeps } = setting;
    this.#hasOperands = keeps !== 'what a filter keeps';
    this.#model = new EventModel(ttl, this.#hasOperands ? undefined : keepSome);
    this.#judge = new Judge(this.#model, this.#objects, setting);
    this.#compactors = Array.from(
      { length: PROCESSES },
      () => new Compactor(this, this.#objects, setting, this.counts),
    );
  }

  read(): ReadonlyMap<number, Shard> {
    return this.#heads;
  }

  swap(expected: Shard, next: Shard): boolean {
    if (this.#heads.get(expected.number) !== expected) return false;
    this.#heads = new Map(this.#heads).set(next.number, next);
    return true;
  }

  pins(shard: number): readonly number[] | 'everything' {
    if (this.#taking.length > 0) return 'everything';
    return this.#timesPinnedIn(shard);
  }

  /** Does what a step says. */
  async apply(step: Step): Promise<void> {
    return 'process' in step ? this.#process(step) : this.#happen(step);
  }

  #happen(step: WorldStep): void {
    switch (step.type) {
      case 'commit':
        return this.#commit(step);
      case 'close': {
        const shard = this.#shardAt(step.shard);
        this.swap(shard, { ...shard, floor: Math.max(shard.floor, shard.upper + step.gap) });
        return;
      }
      case 'horizon':
        return this.#moveHorizon(this.#shardAt(step.shard), step.step);
      case 'pin': {
        const shard = this.#shardAt(step.shard);
        const lowest = shard.horizon;
        const time = lowest + (step.at % (settledOf(shard) - lowest + 1));
        (step.slowly === true ? this.#taking : this.#pins).push({ shard: shard.number, time });
        return;
      }
      case 'narrow':
        this.#pins.push(...this.#taking.splice(0, 1));
        return;
      case 'unpin':
        this.#pins.splice(step.index % Math.max(1, this.#pins.length), 1);
        return;
      case 'split':
        return this.#split(this.#shardAt(step.shard), boundAt(1 + (step.key % (KEYS.length - 1))));
    }
  }

  /** Throws unless every answer is the model's; returns how many there were. `thorough` looks at every boundary. */
  check(thorough: boolean): number {
    let answers = 0;
    for (const shard of this.#heads.values())
      answers += this.#judge.check(shard, this.#timesPinnedIn(shard.number), thorough);
    return answers;
  }

  /** Ends all that was begun. */
  async settle(): Promise<void> {
    this.#pins.push(...this.#taking.splice(0));
    for (const compactor of this.#compactors) {
      compactor.begin();
      while (compactor.jobs > 0) await compactor.finish(0);
    }
  }

  async #process(step: ProcessStep): Promise<void> {
    const compactor = this.#compactorAt(step.process);
    switch (step.type) {
      case 'look':
        if (step.isStale !== true) compactor.refresh();
        compactor.look(step.shard, step.choice);
        if (step.slowly !== true) compactor.begin();
        return;
      case 'truncate':
        this.#moveHorizon(this.#shardAt(step.shard), step.step);
        compactor.refresh();
        return compactor.look(step.shard, step.choice);
      case 'begin':
        compactor.begin();
        return;
      case 'finish':
        return compactor.finish(step.job);
      case 'fail':
        return compactor.fail(step.job);
      case 'reopen':
        return compactor.reopen();
      case 'refresh':
        return compactor.refresh();
      case 'compact':
        compactor.refresh();
        compactor.look(step.shard, step.choice);
        if (compactor.begin()) await compactor.finish(compactor.jobs - 1);
        return;
    }
  }

  #commit({ gap, range, rows }: Step & { type: 'commit' }): void {
    const keys = new Set<number>();
    const chosen = rows
      .map(
        ([index, kind]) => [index % KEYS.length, this.#hasOperands || kind === 'del' ? kind : 'put'] as const,
      )
      .filter(([index]) => !keys.has(index) && keys.add(index))
      .sort(([left], [right]) => left - right);
    const [from, to] = range === undefined ? [0, 0] : [Math.min(...range), Math.max(...range) + 1];
    const isTouched = (shard: Shard): boolean =>
      chosen.some(([index]) => holds(shard, index)) ||
      (from < to && rangesOverlap(shard.keys, { lower: boundAt(from), upper: boundAt(to) }));
    const touched = [...this.#heads.values()].filter(isTouched);
    const timestamp = 1 + gap + Math.max(...touched.map(settledOf));
    for (const name of KEYS.slice(from, to)) this.#model.add(name, { timestamp, kind: 'del', value: '' });
    const written = chosen.map(([index, kind]): readonly [number, Row] => {
      const name = KEYS[index] as string;
      const value = kind === 'del' ? '' : `${this.#serial++ % 10}`;
      this.#model.add(name, { timestamp, kind, value });
      return [index, { key: encodeUtf8(name), timestamp, kind: KINDS[kind], value: encodeUtf8(value) }];
    });
    const deleted: RangeDelete[] = from < to ? [{ start: boundAt(from), end: boundAt(to), timestamp }] : [];
    for (const shard of touched) {
      const own = written.flatMap(([index, row]) => (holds(shard, index) ? [row] : []));
      const file = this.#objects.commit(timestamp, own, clipRangeDeletes(deleted, shard.keys));
      this.swap(shard, { ...shard, upper: timestamp, files: [...shard.files, file] });
    }
  }

  #moveHorizon(shard: Shard, step: number): void {
    const horizon = Math.min(settledOf(shard), shard.horizon + step);
    this.swap(shard, { ...shard, horizon });
  }

  #split(shard: Shard, key: Uint8Array): void {
    if (this.#heads.size >= SHARDS_MAX || !isInside(shard, key)) return;
    const heads = new Map(this.#heads);
    heads.delete(shard.number);
    // Children have numbers of their own: what is pinned in the parent is read from its files, which they share.
    for (const child of childrenOf(shard, key, Math.max(...this.#heads.keys()) + 1))
      heads.set(child.number, child);
    this.#heads = heads;
  }

  #timesPinnedIn(number: number): number[] {
    return this.#pins.flatMap(({ shard, time }) => (shard === number ? [time] : []));
  }

  #shardAt(index: number): Shard {
    const shards = [...this.#heads.values()];
    return shards[index % shards.length] as Shard;
  }

  #compactorAt(index: number): Compactor {
    return this.#compactors[index % PROCESSES] as Compactor;
  }
}

function holds({ keys }: Shard, index: number): boolean {
  return rangesOverlap(keys, { lower: boundAt(index), upper: boundAt(index + 1) });
}

function isInside({ keys }: Shard, key: Uint8Array): boolean {
  return compareBytes(keys.lower, key) < 0 && !isAtOrBelow(keys.upper, key);
}
