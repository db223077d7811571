/** What an S3 store needs to know, and its defaults. */
import type { Clock, Random, RetryPolicy } from '@clortho/base';
import type { HedgeOptions } from './hedge.ts';

/** Keys of an S3 account. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** Options of {@link s3ObjectStore} and {@link createBucket}. */
export interface S3ObjectStoreOptions {
  readonly bucket: string;
  /** The store sees and makes only keys below `prefix/`. */
  readonly prefix?: string | undefined;
  /** By default what the SDK finds in the environment; `us-east-1` with an `endpoint`. */
  readonly region?: string | undefined;
  /** The URL of an S3-compatible server; AWS by default. */
  readonly endpoint?: string | undefined;
  /**
   * Keys, or a function that returns some: it is called before the first request, and again after the service refused
   * what it returned. By default what the SDK finds: environment, profile, instance role.
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  /** Put the bucket into the path instead of the host name; `true` by default with an `endpoint`. */
  readonly forcePathStyle?: boolean | undefined;
  /** The most requests, and sockets, at once; 64 by default. */
  readonly concurrency?: number | undefined;
  /** How long a request may wait for its answer, and a socket stay silent; 30,000 by default. */
  readonly requestTimeoutMs?: number | undefined;
  /** How failed requests are repeated; {@link S3_RETRY_DEFAULT} by default. */
  readonly retry?: RetryPolicy | undefined;
  /** Send a second GET when the first takes longer than most; never by default. */
  readonly hedge?: HedgeOptions | undefined;
  /** Measures waits between attempts. */
  readonly clock?: Clock | undefined;
  /** Draws jitter and the tokens of conditional writes. */
  readonly random?: Random | undefined;
}

/** Rides out about half a minute of failures; throttling slows requests down for much longer. */
export const S3_RETRY_DEFAULT: RetryPolicy = {
  attemptsMax: 10,
  delayMs: 100,
  delayMsMax: 10_000,
  elapsedMsMax: 60_000,
  throttledMsMax: 300_000,
};
