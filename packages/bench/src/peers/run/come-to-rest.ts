/** Waiting for the background work of any store, by the processor time of the whole process: nothing else is common to all. */
import { systemClock } from '@clortho/base';

const LOOK_MS = 200;
const CALM_SHARE = 0.05;
const CALM_LOOKS = 20;
const WAIT_MS_MOST = 30_000;

/** Waits until the process hardly works any more. */
export async function comeToRest(): Promise<void> {
  const began = systemClock.monotonic();
  for (let calm = 0; calm < CALM_LOOKS && systemClock.monotonic() - began < WAIT_MS_MOST; ) {
    const before = process.cpuUsage();
    await systemClock.sleep(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    calm = (user + system) / (LOOK_MS * 1000) < CALM_SHARE ? calm + 1 : 0;
  }
}
