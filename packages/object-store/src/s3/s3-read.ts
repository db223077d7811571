/** Reading from S3: ranges, sizes, listings. */
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { ClorthoError } from '@clortho/base';
import { absentError, rangeEnd } from '../backend/object-backend.ts';
import { isKey } from '../key.ts';
import type { ObjectCounters, ObjectEntry } from '../object-store.ts';
import type { Hedge } from './hedge.ts';
import type { S3Connection } from './s3-connection.ts';
import { ChecksumMismatchError, codeOf, DamagedAnswerError, statusOf } from './s3-failure.ts';

/** An object's size and user metadata. */
export interface S3Head {
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads of one bucket. */
export interface S3Reads {
  get(key: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array>;
  head(key: string, signal: AbortSignal | undefined): Promise<S3Head | undefined>;
  list(prefix: string, after: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectEntry>;
}

/** Returns the reads of the bucket behind `connection`; with a `hedge` some GETs are sent twice. */
export function s3Reads(
  connection: S3Connection,
  counters: ObjectCounters,
  hedge: Hedge | undefined,
): S3Reads {
  const { name, bucket: Bucket } = connection.place;
  let bucketSeen = false;

  const head = async (key: string, signal: AbortSignal | undefined): Promise<S3Head | undefined> => {
    const found = await connection.request(signal, async ({ client, sdk, options }) => {
      counters.heads += 1;
      try {
        const answer = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }), options);
        return { bytes: answer.ContentLength ?? 0, metadata: answer.Metadata ?? {} };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
    if (found === undefined && !bucketSeen) await checkBucket(signal);
    bucketSeen = true;
    return found;
  };

  /** A HEAD without a body cannot tell a missing key from a missing bucket: asks once for the bucket. */
  const checkBucket = (signal: AbortSignal | undefined): Promise<void> =>
    connection.request(signal, async ({ client, sdk, options }) => {
      counters.heads += 1;
      try {
        await client.send(new sdk.HeadBucketCommand({ Bucket }), options);
      } catch (error) {
        if (statusOf(error) === 404) {
          throw new ClorthoError('CLORTHO_NOT_FOUND', `no such bucket: bucket=${Bucket}`, { cause: error });
        }
        if (statusOf(error) !== 403) throw error; // Not allowed to ask: it is there.
      }
    });

  const get: S3Reads['get'] = async (key, offset, length, signal) => {
    const whole = offset === 0 && length === Infinity;
    const Range = whole ? {} : { Range: `bytes=${offset}-${length === Infinity ? '' : offset + length - 1}` };
    const fetch = (stop: AbortSignal | undefined, onRepeat?: () => void): Promise<Uint8Array | undefined> =>
      connection.request(stop, async ({ client, sdk, options }) => {
        counters.gets += 1;
        try {
          const answer = await client.send(new sdk.GetObjectCommand({ Bucket, Key: key, ...Range }), options);
          if (!whole) checkRange(answer, key, offset, length);
          return await readBody(answer, key);
        } catch (error) {
          if (codeOf(error) === 'NoSuchKey') throw absentError(name, key, error);
          if (statusOf(error) === 416) return undefined;
          onRepeat?.();
          throw error;
        }
      });
    const hedged = (): Promise<Uint8Array | undefined> => hedge?.run(signal, fetch) ?? fetch(signal);
    const found = length === 0 ? undefined : await hedged();
    if (found !== undefined) {
      counters.bytesGot += found.length;
      return found;
    }
    // S3 has no empty ranges: whether this one lies inside the blob is for us to say.
    const { bytes } = (await head(key, signal)) ?? {};
    if (bytes === undefined) throw absentError(name, key);
    const end = rangeEnd(key, bytes, offset, length);
    if (end === offset) return new Uint8Array(0);
    throw new ClorthoError(
      'CLORTHO_UNAVAILABLE',
      `a range was refused: store=${name} key=${key} offset=${offset}`,
    );
  };

  const list: S3Reads['list'] = async function* (prefix, after, signal) {
    let token: string | undefined;
    do {
      const page = await connection.request(signal, async ({ client, sdk, options }) => {
        counters.lists += 1;
        const position = token === undefined ? { StartAfter: after } : { ContinuationToken: token };
        const query = { Bucket, Prefix: prefix, EncodingType: 'url' as const, ...position };
        return client.send(new sdk.ListObjectsV2Command(query), options);
      });
      for (const { Key, Size } of page.Contents ?? []) {
        const key = page.EncodingType === 'url' ? decodeForm(Key ?? '') : (Key ?? '');
        if (isKey(key)) yield { key, bytes: Size ?? 0 }; // Folder markers of other programs are no blobs.
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  };

  return { get, head, list };
}

/** Refuses an answer for another range than asked: a server that ignores ranges would shift every read. */
function checkRange(answer: GetObjectCommandOutput, key: string, offset: number, length: number): void {
  const fits = (answer.ContentLength ?? 0) <= length;
  if (fits && answer.ContentRange?.startsWith(`bytes ${offset}-`) === true) return;
  const facts = `key=${key} offset=${offset} content-range=${answer.ContentRange ?? 'none'}`;
  throw new ClorthoError('CLORTHO_UNSUPPORTED', `the server does not answer ranges: ${facts}`);
}

/** Reads the body into memory of its own. */
async function readBody(answer: GetObjectCommandOutput, key: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(answer.ContentLength ?? 0);
  let filled = 0;
  try {
    for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
      if (filled + chunk.length > bytes.length) break;
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
  } catch (cause) {
    // The SDK compares whole bodies with the checksum that the service sends along.
    if (/^checksum mismatch/i.test((cause as Error).message)) {
      throw new ChecksumMismatchError(`key=${key} reason=${(cause as Error).message}`, { cause });
    }
    throw new DamagedAnswerError(`the body broke off: key=${key} bytes=${filled}`, { cause });
  }
  if (filled === bytes.length) return bytes;
  throw new DamagedAnswerError(
    `the body has another length: key=${key} bytes=${filled} wanted=${bytes.length}`,
  );
}

/** S3 encodes listed keys as forms are: `+` is a space. */
function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
