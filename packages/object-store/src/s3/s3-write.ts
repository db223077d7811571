/**
 * Writing to S3, so that a lost answer is not a lost write.
 *
 * An attempt whose answer was lost may have landed; the next one then meets our own object and fails its
 * condition. Every conditional write therefore carries a token in the object's metadata, and a 412 after such an
 * attempt is decided by reading it back.
 *
 *     put if absent ──▶ (applied, answer lost)
 *     put if absent ──▶ 412 ──▶ head ──▶ our token: done    another: CLORTHO_CONFLICT    none: outcome unknown
 *
 * Invariants:
 * - `CLORTHO_CONFLICT` means that the object in place was written by someone else.
 * - `CLORTHO_UNAVAILABLE` means that a conditional write did not land, and never will.
 */
import { ClorthoError, isClorthoError, type Random } from '@clortho/base';
import { presentError } from '../backend/object-backend.ts';
import type { ObjectCounters } from '../object-store.ts';
import type { S3Attempt, S3Connection } from './s3-connection.ts';
import { mayHaveLanded } from './s3-failure.ts';
import type { S3Reads } from './s3-read.ts';

/** The metadata name of the token. */
const TOKEN = 'clortho-write';

/** A write that can be recognised afterwards. */
export interface S3Write {
  readonly key: string;
  readonly ifAbsent: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Sends the request that makes the object visible, as often as it takes.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if another object is in place; `CLORTHO_OUTCOME_UNKNOWN` with
   *   `ifAbsent`, else `CLORTHO_UNAVAILABLE`.
   */
  commit(signal: AbortSignal | undefined, send: (attempt: S3Attempt) => Promise<unknown>): Promise<void>;
}

/** Returns a write of `key` with a token of its own. */
export function s3Write(
  connection: S3Connection,
  reads: S3Reads,
  random: Random,
  key: string,
  ifAbsent: boolean,
): S3Write {
  const { name } = connection.place;
  const token = [0, 1, 2, 3].map(() => random.uint32().toString(16).padStart(8, '0')).join('');

  /** Decides after an attempt whose answer was lost, and a last error. */
  const settle = async (error: unknown, signal: AbortSignal | undefined): Promise<void> => {
    if (isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
    const refused = isClorthoError(error, 'CLORTHO_CONFLICT');
    let cause = error;
    if (refused || isUploadGone(error)) {
      try {
        const inPlace = await reads.head(key, signal);
        if (inPlace?.metadata[TOKEN] === token) return;
        if (ifAbsent && refused && inPlace !== undefined) throw presentError(name, key, error);
      } catch (unread) {
        // What is in place could not be seen: that tells nothing of what this write did.
        if (!isClorthoError(unread, 'CLORTHO_UNAVAILABLE')) throw unread;
        cause = unread;
      }
    }
    if (!ifAbsent) throw error; // The caller may simply write again.
    const facts = `store=${name} key=${key}`;
    throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `the write may have landed: ${facts}`, { cause });
  };

  return {
    key,
    ifAbsent,
    metadata: { [TOKEN]: token },
    async commit(signal, send) {
      let uncertain = false;
      try {
        await connection.request(signal, async (attempt) => {
          try {
            await send(attempt);
          } catch (error) {
            uncertain ||= mayHaveLanded(error);
            throw error;
          }
        });
      } catch (error) {
        if (uncertain) await settle(error, signal);
        else if (isClorthoError(error, 'CLORTHO_CONFLICT')) throw presentError(name, key, error);
        else throw error;
      }
    },
  };
}

/** Stores a blob in one request. */
export async function putWhole(
  connection: S3Connection,
  write: S3Write | undefined,
  counters: ObjectCounters,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const condition = write === undefined ? {} : { IfNoneMatch: '*', Metadata: { ...write.metadata } };
  const input = { Bucket: connection.place.bucket, Key: key, Body: bytes, ...condition };
  const send = async ({ client, sdk, options }: S3Attempt): Promise<void> => {
    counters.puts += 1;
    counters.bytesPut += bytes.length;
    await client.send(new sdk.PutObjectCommand(input), options);
  };
  // An unconditional write can simply be repeated.
  await (write === undefined ? connection.request(signal, send) : write.commit(signal, send));
}

/** A completed upload is gone: completing it again cannot tell by whom. */
function isUploadGone(error: unknown): boolean {
  return error instanceof Error && (error.cause as Error | undefined)?.name === 'NoSuchUpload';
}
