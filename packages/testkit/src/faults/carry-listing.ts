/** Listings over a faulty wire: one call that brings all entries, handed out one by one. */
import type { Wire } from './wire.ts';
import { READ_CALL, type WireCall } from './wire-call.ts';

/** A listing and how to perform it. */
export type ListingCall<T> = Pick<WireCall<readonly T[]>, 'effect' | 'signal' | 'staleEffect'> & {
  readonly prefix: string;
};

/** Yields the entries; where the reply is lost, the first half of them before it throws. */
export async function* carryListing<T>(wire: Wire, listing: ListingCall<T>): AsyncGenerator<T> {
  const { prefix, signal } = listing;
  let entries: readonly T[] = [];
  let lost: { readonly error: unknown } | undefined;
  const call: WireCall<readonly T[]> = {
    ...READ_CALL,
    ...listing,
    call: 'list',
    keys: [prefix],
    subjectText: () => `${prefix}*`,
    resultText: ({ length }) => `${length} entries`,
    onLostResult: (result) => {
      entries = result.slice(0, result.length / 2);
    },
  };
  try {
    entries = await wire.carry(call);
  } catch (error) {
    lost = { error };
  }
  for (const entry of entries) {
    yield entry;
    await wire.pass(signal);
  }
  if (lost !== undefined) throw lost.error;
}

/** Returns everything that an iterable yields. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of iterable) collected.push(item);
  return collected;
}
