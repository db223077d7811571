/** Lines that say how far a long run is, on the error stream: the figures have the other one. */
import { type Clock, systemClock } from '@clortho/base';

const LINE_EVERY_MS = 5000;

/** Says what happens. */
export interface Progress {
  /** Says that something begins. */
  begin(what: string): void;
  /** Tells how far that is, now and then. */
  update(done: number, total: number): void;
}

/** Returns the progress of a run that begins now. */
export function progressLines(clock: Clock = systemClock): Progress {
  const began = clock.monotonic();
  let what = '';
  let shown = began;
  const say = (text: string): void => {
    shown = clock.monotonic();
    const seconds = ((shown - began) / 1000).toFixed(0).padStart(4);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
  return {
    begin(next) {
      what = next;
      say(what);
    },
    update(done, total) {
      if (clock.monotonic() - shown < LINE_EVERY_MS) return;
      say(`${what}: ${((100 * done) / total).toFixed(0)} %`);
    },
  };
}
