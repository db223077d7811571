/**
 * What a store's thread and its LMDB thread say to each other.
 *
 *     store's thread                                  LMDB thread
 *     prepare, read, page, swap, close  ──▶           one at a time for swaps, any number of the others
 *                                       ◀──  reply: the result, or why there is none
 *
 * A group of swaps is decided by one word of shared memory, so that each side knows for certain what the other did:
 *
 *     waiting ──▶ begun       by the LMDB thread, when it holds LMDB's write lock, before it writes
 *        └──────▶ withdrawn   by the store's thread, when a deadline passes: the group will never be written
 *
 * Invariants:
 * - The word leaves `waiting` once per group, by compare-and-exchange.
 */
import { ClorthoError, type ErrorCode, isClorthoError } from '@clortho/base';
import type { Register, RegisterChange, SwapResult } from '../register-store.ts';

/** What the LMDB thread is started with. */
export interface ThreadStart {
  /** The path of the file. */
  readonly path: string;
  /** The state of the group that was sent last: one 32-bit word. */
  readonly groupState: Int32Array;
}

/** A request of the store's thread. */
export type ThreadRequest =
  /** Checks that the file holds registers, or makes it hold them. Answered with `null`. */
  | { readonly kind: 'prepare'; readonly create: boolean }
  /** Answered with the registers in the order of the keys. */
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  /** Answered with the first registers below the prefix, above the key `after` if there is one. */
  | { readonly kind: 'page'; readonly prefix: string; readonly after: string | undefined }
  /** Answered with {@link SwapOutcome}s in order, or `null` if the group was withdrawn. */
  | { readonly kind: 'swap'; readonly swaps: readonly (readonly RegisterChange[])[] }
  /** Closes the file and ends the thread, which is the answer. */
  | { readonly kind: 'close' };

/** The answer to each kind of request. */
export interface ThreadResults {
  readonly prepare: null;
  readonly read: readonly (Register | undefined)[];
  readonly page: readonly Register[];
  readonly swap: readonly SwapOutcome[] | null;
  readonly close: null;
}

/** What became of one swap of a group. */
export type SwapOutcome = { readonly result: SwapResult } | { readonly failure: Failure };

/** A request on its way. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: ThreadRequest;
}

/** An answer on its way; without an `id` the thread could not open the file and has ended. */
export type ThreadReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number | undefined; readonly failure: Failure };

/** An error as plain data: what structured cloning would make of a `ClorthoError` has no code. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** How many registers a page has; fewer mean that it is the last. */
export const REGISTERS_PER_PAGE = 64;

/** Nothing of the group is written yet. */
export const GROUP_WAITING = 0;
/** The LMDB thread writes it. */
export const GROUP_BEGUN = 1;
/** The LMDB thread will not write it. */
export const GROUP_WITHDRAWN = 2;

/** Moves the waiting group to `next`; returns false if the other side moved it first. */
export function moveGroup(
  groupState: Int32Array,
  next: typeof GROUP_BEGUN | typeof GROUP_WITHDRAWN,
): boolean {
  return Atomics.compareExchange(groupState, 0, GROUP_WAITING, next) === GROUP_WAITING;
}

/** Returns an error as plain data; one that is not of Clortho gets `code` and `problem`. */
export function encodeFailure(error: unknown, code: ErrorCode, problem: string): Failure {
  if (isClorthoError(error)) return { code: error.code, message: error.message };
  return { code, message: `${problem}: reason=${String(error)}` };
}

/** Returns the error that a failure stands for. */
export function decodeFailure({ code, message }: Failure): ClorthoError {
  return new ClorthoError(code, message);
}
