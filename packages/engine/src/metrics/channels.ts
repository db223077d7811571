/**
 * The channels that stores of this process tell their work on, for `node:diagnostics_channel`.
 *
 *     clortho:get          a get or getMany          clortho:commit       a group of batches
 *     clortho:scan         a scan or history         clortho:compaction   a job
 *     clortho:write        a put, del or write       clortho:request      a call of a backend
 *     clortho:transact     a transaction
 *
 * Invariants:
 * - While nobody listens to a channel, nothing is timed for it and no message is built: one branch is all.
 * - A message is told once, when its work has ended, as a plain object that nobody else holds. A listener that throws does
 *   not reach the store.
 * - Names and fields are part of the interface: fields may be added.
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import { isClorthoError } from '@clortho/base';

/** What every message has. */
export interface Message {
  /** The name of the store: its place, without credentials. */
  readonly store: string;
  readonly durationMs: number;
  /** The code of the error that it ended with, or its name if it has no code; `undefined` if it did not fail. */
  readonly error?: string | undefined;
}

/** On `clortho:get`: a `get` or `getMany` of a store, family or snapshot. `peek` is faster than telling and is not told. */
export interface GetMessage extends Message {
  readonly family: string;
  readonly keys: number;
  /** How many of the keys have a value. */
  readonly found: number;
  /** Bytes of the values. */
  readonly bytes: number;
}

/** On `clortho:scan`, at its end: a `scan` or `history`. The duration is without what the consumer took between rows. */
export interface ScanMessage extends Message {
  readonly operation: 'scan' | 'history';
  readonly family: string;
  /** Rows that were gathered; a consumer that stops early has taken fewer of the last chunk. */
  readonly rows: number;
  /** Bytes of keys and values of scans, of the values of histories. */
  readonly bytes: number;
}

/** On `clortho:write`: a `put`, `del`, `merge` or `write`, from the call until it is durable. */
export interface WriteMessage extends Message {
  readonly families: readonly string[];
  readonly operations: number;
  /** Bytes of keys and values. */
  readonly bytes: number;
}

/** On `clortho:transact`: a transaction, all of its attempts. */
export interface TransactMessage extends Message {
  /** How often its work ran. */
  readonly attempts: number;
}

/** On `clortho:commit`: a group of batches, from its upload until it is visible. */
export interface CommitMessage extends Message {
  readonly batches: number;
  readonly shards: number;
  readonly files: number;
  readonly rows: number;
  /** Bytes of the files. */
  readonly bytes: number;
  /** How often another change came first. */
  readonly races: number;
}

/** On `clortho:compaction`: a job that ended. */
export interface CompactionMessage extends Message {
  readonly shard: number;
  readonly family: string;
  readonly kind: 'merge' | 'move' | 'drop';
  /** What it was about, in one sentence. */
  readonly reason: string;
  /** Another process had replaced its inputs: nothing was changed. */
  readonly isLost: boolean;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** On `clortho:request`: a call of the object store or the registers, retries of the backend included. */
export interface RequestMessage extends Message {
  readonly target: 'objects' | 'registers';
  readonly operation: 'get' | 'put' | 'head' | 'delete' | 'list' | 'read' | 'swap';
  /** The first key, or the prefix of a list. */
  readonly key: string;
  /** How many keys were asked for, or listed. */
  readonly keys: number;
  /** Bytes of the values that were sent or received. */
  readonly bytes: number;
}

/** The channel of reads by key. */
export const getChannel: Channel = channel('clortho:get');
/** The channel of reads by range or time. */
export const scanChannel: Channel = channel('clortho:scan');
/** The channel of writes. */
export const writeChannel: Channel = channel('clortho:write');
/** The channel of transactions. */
export const transactChannel: Channel = channel('clortho:transact');
/** The channel of commits. */
export const commitChannel: Channel = channel('clortho:commit');
/** The channel of compaction. */
export const compactionChannel: Channel = channel('clortho:compaction');
/** The channel of requests. */
export const requestChannel: Channel = channel('clortho:request');

/** Returns what a message says of an error. */
export function errorText(error: unknown): string {
  if (isClorthoError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
