/**
 * What the caller's thread and a merge worker say to each other over a MessagePort.
 *
 *     worker                                        caller
 *       │  read { call, file, offset, length }  ──▶   │  io.open(file).read(…)
 *       │  ◀── done { call, bytes }                   │
 *       │  emit { call, facts, chunks }         ──▶   │  io.emit(…)
 *       │  ◀── done { call, bytes }  or  failed { … } │
 *       │  progress { … }                       ──▶   │
 *       │  ◀── (closes the port to abort)             │
 *
 * Invariants:
 * - Every read and emit is answered once, by `done` or `failed` with its `call`, unless the merge is aborted.
 * - Bytes of outputs are transferred, each chunk in memory of its own, and those that are spent come back the same way; bytes of
 *   inputs are copied once, because they may belong to a cache, and the copy is transferred.
 */
import type { MessagePort } from 'node:worker_threads';
import { ClorthoError, type ErrorCode, isClorthoError } from '@clortho/base';
import type { MergeJob, MergeOutputFacts, MergeProgress, MergeResult } from '../merge/merge-job.ts';

/** An error as it crosses threads: structured cloning drops the code. */
export interface WireError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  /** The call of the caller's thread that failed, if the error comes from there. */
  readonly call: number | undefined;
}

/** From the worker. */
export type WorkerMessage =
  | {
      readonly type: 'read';
      readonly call: number;
      readonly file: string;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly type: 'emit';
      readonly call: number;
      readonly facts: MergeOutputFacts;
      readonly chunks: readonly Uint8Array[];
    }
  | { readonly type: 'progress'; readonly progress: MergeProgress };

/** To the worker. The bytes are what was read, or chunks of the output that are spent. */
export type CallerMessage =
  | { readonly type: 'done'; readonly call: number; readonly bytes: readonly Uint8Array[] }
  | { readonly type: 'failed'; readonly call: number; readonly error: WireError };

/** The task of a worker. */
export interface WorkerTask {
  readonly job: MergeJob;
  readonly port: MessagePort;
}

/** What a task comes to; failures are data, so that their codes survive. */
export type WorkerOutcome = { readonly result: MergeResult } | { readonly error: WireError };

/** Returns `error` as plain data. */
export function encodeError(error: unknown, call?: number): WireError {
  const code = isClorthoError(error) ? error.code : undefined;
  const origin = call ?? (error instanceof RemoteError ? error.call : undefined);
  if (!(error instanceof Error)) return { code, message: String(error), stack: undefined, call: origin };
  return { code, message: error.message, stack: error.stack, call: origin };
}

/** Returns an error of this thread for one of another. */
export function decodeError(wire: WireError): Error {
  if (wire.code === undefined) return new Error(wire.message, { cause: wire.stack });
  return new ClorthoError(wire.code, wire.message, { cause: wire.stack });
}

/** In a worker: a call to the caller's thread failed there. */
export class RemoteError extends Error {
  /** The call that failed. */
  readonly call: number;

  /** Creates the error for a failed call. */
  constructor(wire: WireError) {
    super(wire.message);
    this.name = 'RemoteError';
    this.call = wire.call as number;
  }
}
