/**
 * Registers as S3 objects, by conditional writes: for stores without a database, one register per call.
 *
 *     create    PUT, If-None-Match: *           read     GET
 *     change    PUT, If-Match: the ETag         list     ListObjectsV2, then GET each
 *
 * The object is the register's envelope, so its version travels with its value and equal ETags mean equal
 * versions. A change needs the ETag of the version that it expects: from the last read or write of this store,
 * else from a GET.
 *
 * Invariants:
 * - No object is replaced without a condition, and none is deleted.
 * - 412 is a lost race, 409 and 503 SlowDown are tried again, anything that may have landed is unknown.
 */

import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { ClorthoError, sendOptions } from '@clortho/base';
import { attemptRead, attemptWrite, type Failure } from '../attempts.ts';
import { awsErrorName, awsFailure, awsStatus } from '../aws-failure.ts';
import { type RegisterBackend, registerStore, zeroCounters } from '../backend.ts';
import { attemptContext } from '../cloud-options.ts';
import { lostSwap } from '../compare.ts';
import { decodeEnvelope, encodeEnvelope } from '../envelope.ts';
import type { Register, RegisterChange, RegisterStore, SwapResult } from '../register-store.ts';
import { s3Client } from './client.ts';
import { etagCache } from './etag-cache.ts';
import { objectKey, type S3RegisterOptions } from './options.ts';

/** How many listed objects are read at a time. */
const GETS_AT_ONCE = 16;

/**
 * Opens the registers in a bucket. Nothing is sent until the first call, so a missing bucket or refused
 * credentials show there.
 *
 * Keys must be plain object keys: no control characters, no `.`, `..` or empty segments, at most 1,024 bytes
 * with the prefix.
 */
export function s3RegisterStore(options: S3RegisterOptions): RegisterStore {
  return registerStore(s3Backend(options));
}

function s3Backend(options: S3RegisterOptions): RegisterBackend {
  const { bucket: Bucket, prefix = '', unquotedEtags = false } = options;
  const name = `s3://${Bucket}/${prefix}`;
  const counters = zeroCounters();
  const s3 = s3Client(options);
  const seen = etagCache();
  let closed = false;
  const context = attemptContext(name, options, () => closed);

  const get = (
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly register: Register; readonly etag: string } | undefined> => {
    const Key = objectKey(prefix, key);
    return attemptRead(
      context,
      signal,
      (error) => awsFailure(name, error),
      () =>
        s3.use(async ({ sdk, client }) => {
          try {
            const object = await client.send(new sdk.GetObjectCommand({ Bucket, Key }), sendOptions(signal));
            const register = decodeEnvelope(
              key,
              (await object.Body?.transformToByteArray()) ?? new Uint8Array(0),
            );
            const etag = object.ETag ?? '';
            seen.set(key, { version: register.version, etag });
            return { register, etag };
          } catch (error) {
            if (awsErrorName(error) === 'NoSuchKey') return undefined;
            throw error;
          }
        }),
    );
  };

  const read = async (key: string, signal: AbortSignal | undefined): Promise<Register | undefined> =>
    (await get(key, signal))?.register;

  const put = async (
    change: RegisterChange & { readonly value: Uint8Array },
    condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>,
    signal: AbortSignal | undefined,
  ): Promise<SwapResult> => {
    const { key, expect, value } = change;
    const version = expect + 1;
    const Key = objectKey(prefix, key);
    const Body = encodeEnvelope({ key, version, value });
    seen.delete(key);
    const current = await attemptWrite(
      context,
      signal,
      (error) => putFailure(name, error),
      () =>
        s3.use(async ({ sdk, client }) => {
          const command = new sdk.PutObjectCommand({ Bucket, Key, Body, ...condition });
          const { ETag } = await client.send(command, sendOptions(signal));
          if (ETag !== undefined) seen.set(key, { version, etag: ETag });
        }),
    );
    return current === undefined ? { applied: true } : { applied: false, current };
  };

  const swapOne = async (change: RegisterChange, signal: AbortSignal | undefined): Promise<SwapResult> => {
    const { key, expect, value } = change;
    if (value !== undefined && expect === 0) return put({ ...change, value }, { IfNoneMatch: '*' }, signal);
    let etag = seen.get(key)?.version === expect ? seen.get(key)?.etag : undefined;
    if (value === undefined || etag === undefined) {
      counters.reads += 1;
      counters.registersRead += 1;
      const found = await get(key, signal);
      const lost = lostSwap([change], [found?.register]);
      if (lost !== undefined) return lost;
      // Not what `seen` has by now: the condition is of what was compared.
      etag = found?.etag ?? '';
    }
    if (value === undefined) return { applied: true };
    if (etag === '') throw new ClorthoError('CLORTHO_UNSUPPORTED', `the service sends no ETags: at=${name}`);
    return put({ ...change, value }, { IfMatch: unquotedEtags ? etag.replaceAll('"', '') : etag }, signal);
  };

  async function* list(below: string, signal: AbortSignal | undefined): AsyncGenerator<Register> {
    let token: string | undefined;
    do {
      const ContinuationToken = token;
      const page = await attemptRead(
        context,
        signal,
        (error) => awsFailure(name, error),
        () =>
          s3.use(({ sdk, client }) => {
            const command = new sdk.ListObjectsV2Command({
              Bucket,
              Prefix: prefix + below,
              ContinuationToken,
            });
            return client.send(command, sendOptions(signal));
          }),
      );
      const keys = (page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length));
      for (let index = 0; index < keys.length; index += GETS_AT_ONCE) {
        const chunk = keys.slice(index, index + GETS_AT_ONCE);
        counters.reads += chunk.length;
        for (const register of await Promise.all(chunk.map((key) => read(key, signal)))) {
          if (register !== undefined) yield register;
        }
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  return {
    name,
    supports: { atomicMany: false },
    counters,
    read: (keys, signal) => Promise.all(keys.map((key) => read(key, signal))),
    swap: (changes, signal) => swapOne(changes[0] as RegisterChange, signal),
    list,
    close() {
      closed = true;
      return s3.close();
    },
  };
}

function putFailure(store: string, error: unknown): Failure {
  // The status is enough. NoSuchKey: If-Match on a register that is not there, which therefore has another version.
  if (awsStatus(error) === 412 || awsErrorName(error) === 'NoSuchKey')
    return { kind: 'lost', current: [undefined] };
  return awsFailure(store, error);
}
