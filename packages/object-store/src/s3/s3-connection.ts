/**
 * A bucket as a place to send requests to: bounded, repeated, cancelled, with errors of ours.
 *
 * The SDK is imported and its client made with the first request: the import alone takes 280 ms. A client keeps the keys
 * that it found; when the service refuses them, the next request makes another client, which looks for keys again.
 *
 * Invariants:
 * - The SDK itself never repeats a request (`maxAttempts: 1`): whoever repeats must know that an earlier attempt
 *   may have landed.
 * - A waiting repetition holds no place and no socket.
 */
import type * as Sdk from '@aws-sdk/client-s3';
import {
  abortedError,
  limiter,
  type RetryVerdict,
  renewable,
  retry,
  sendOptions,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@clortho/base';
import { type S3Place, s3Error } from './s3-error.ts';
import { isRepeatable, isUnreachable, refusesCredentials } from './s3-failure.ts';
import { S3_RETRY_DEFAULT, type S3Credentials, type S3ObjectStoreOptions } from './s3-options.ts';

/** The SDK's module. */
export type S3Sdk = typeof Sdk;

/** What one attempt works with. */
export interface S3Attempt {
  readonly client: Sdk.S3Client;
  readonly sdk: S3Sdk;
  /** To be passed to `client.send`. */
  readonly options: { readonly abortSignal?: AbortSignal };
}

/** A bucket that answers requests. */
export interface S3Connection {
  readonly place: S3Place;
  /**
   * Makes attempts until one succeeds, the failure is final or the policy is exhausted.
   *
   * @throws {ClorthoError} what {@link s3Error} makes of the last failure; `CLORTHO_ABORTED`.
   */
  request<T>(signal: AbortSignal | undefined, attempt: (attempt: S3Attempt) => Promise<T>): Promise<T>;
  /** Closes the sockets; requests under way fail. */
  close(): Promise<void>;
}

/** Keys as the SDK takes them. */
interface SdkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** An endpoint that is not there after this many attempts is reported: it is more often mistyped than restarting. */
const UNREACHABLE_ATTEMPTS_MAX = 3;

/** Returns the connection to the bucket of `options`. Nothing is sent. */
export function s3Connection(options: S3ObjectStoreOptions): S3Connection {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const policy = options.retry ?? S3_RETRY_DEFAULT;
  const places = limiter(options.concurrency ?? 64);
  const endpoint = options.endpoint ?? `AWS ${options.region ?? ''}`.trim();
  const place: S3Place = { name: `s3://${options.bucket}`, bucket: options.bucket, endpoint };
  const s3 = renewable({
    open: () => openClient(options),
    close: ({ client }) => client.destroy(),
    isSpent: refusesCredentials,
  });

  return {
    place,
    async request<T>(signal: AbortSignal | undefined, attempt: (attempt: S3Attempt) => Promise<T>) {
      const requestOptions = sendOptions(signal);
      let unreachable = 0;
      const repeats = (error: unknown): RetryVerdict => {
        if (isUnreachable(error)) unreachable += 1;
        return unreachable < UNREACHABLE_ATTEMPTS_MAX && signal?.aborted !== true && isRepeatable(error);
      };
      const send = (): Promise<T> => s3.use((loaded) => attempt({ ...loaded, options: requestOptions }));
      try {
        return await retry(policy, { clock, random, signal }, repeats, () => places.run(send, signal));
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof Error && error.name === 'AbortError') throw abortedError(signal);
        throw s3Error(error, place);
      }
    },
    close: () => s3.close(),
  };
}

async function openClient(options: S3ObjectStoreOptions): Promise<{ client: Sdk.S3Client; sdk: S3Sdk }> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const { endpoint, credentials, concurrency = 64, requestTimeoutMs = 30_000 } = options;
  const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1');
  const agent = { keepAlive: true, maxSockets: concurrency };
  const client = new sdk.S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(typeof credentials === 'function' ? { credentials: () => lookUp(credentials) } : {}),
    ...(typeof credentials === 'object' ? { credentials: withoutUndefined(credentials) } : {}),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    maxAttempts: 1,
    expectContinueHeader: false, // It costs a round trip and a connection of its own for every large write.
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  return { client, sdk };
}

/** Calls the function of a caller; its failure gets the name that the SDK gives its own: nothing was sent. */
async function lookUp(credentials: () => Promise<S3Credentials>): Promise<SdkCredentials> {
  try {
    return withoutUndefined(await credentials());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new Error(reason, { cause }), { name: 'CredentialsProviderError' });
  }
}

function withoutUndefined({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): SdkCredentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
