/** What calls come to, as text: for calls that fail, hang or are lost. */
import { isClorthoError } from '@clortho/base';

/** A call whose outcome is watched. */
export interface Watched {
  /** `pending`, `resolved` with what, or the code of the error. */
  outcome: string;
}

/** Watches a call. */
export function watch(call: Promise<unknown>): Watched {
  const watched = { outcome: 'pending' };
  const outcome = call.then(
    (result) => `resolved ${JSON.stringify(result)}`,
    (error: unknown) => (isClorthoError(error) ? error.code : String(error)),
  );
  outcome.then((text) => (watched.outcome = text)).catch(() => undefined);
  return watched;
}

/** Lets everything run on that is ready without any time passing. */
export async function settle(): Promise<void> {
  for (let hop = 0; hop < 100; hop += 1) await Promise.resolve();
}
