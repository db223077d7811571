/** What the phases of the demo share. */
import { type Clock, ClorthoError } from '@clortho/base';
import type { Store } from '@clortho/engine';
import type { Progress, ProgressOptions } from '../output/progress.ts';
import type { Check } from './check.ts';
import { AIRPORTS } from './flight-store.ts';
import type { PlainAnswers } from './plain-answers.ts';

/** A run of the demo. */
export interface DemoSession {
  readonly store: Store;
  readonly clock: Clock;
  /** The plain computation, fed while the store is filled. */
  readonly plain: PlainAnswers;
  /** Shows what `render` returns, where anyone looks. */
  show(render: () => string): void;
  /** Shows the progress of a phase. */
  progress(options: ProgressOptions): Progress;
  /** Called after every acknowledged batch with the rows consumed so far. */
  acknowledge(rows: number): void;
  /** Every comparison made so far. */
  readonly checks: Check[];
}

/** Returns a measure of the time since now, in milliseconds. */
export function stopwatch({ clock }: DemoSession): () => number {
  const began = clock.monotonic();
  return () => Math.round(clock.monotonic() - began);
}

/** Returns the horizon of the airports' history: earlier reads are refused. */
export async function horizonOfAirports({ store }: DemoSession): Promise<number> {
  const { shards } = await store.stats();
  const horizons = shards.flatMap(({ families }) =>
    families.filter(({ family }) => family === AIRPORTS).map(({ horizon }) => horizon),
  );
  return Math.max(...horizons);
}

/** Returns the end of the hour at a share of the way through all hours, in microseconds. */
export function hourAt({ plain }: DemoSession, share: number): number {
  const { timestamps } = plain;
  const timestamp = timestamps[Math.floor((timestamps.length - 1) * share)];
  if (timestamp !== undefined) return timestamp;
  throw new ClorthoError('CLORTHO_INVALID', 'the file has no flights');
}
