/** What the backends in a cloud take from their callers alike. */
import { type Clock, type Random, type RetryPolicy, systemClock, systemRandom } from '@clortho/base';
import { type AttemptContext, RETRY_DEFAULT } from './attempts.ts';

/** An AWS access key. */
export interface CloudCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Options of a store in a cloud. What is left out comes from the environment, as the AWS SDK finds it. */
export interface CloudOptions {
  readonly region?: string | undefined;
  /** The URL of a compatible service; AWS by default. */
  readonly endpoint?: string | undefined;
  readonly credentials?: CloudCredentials | undefined;
  /** How often and how long a request is tried. */
  readonly retry?: RetryPolicy | undefined;
  /** How long one attempt may take; 5,000 by default. */
  readonly requestTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
const SOCKETS_MAX = 64;

/** Returns what the client of an SDK takes for `options`. The SDK itself never retries: it would hide attempts. */
export function clientOptions(options: CloudOptions): {
  readonly maxAttempts: 1;
  readonly requestHandler: object;
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
} {
  const { region, endpoint, credentials, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const { sessionToken } = credentials ?? {};
  const sockets = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return {
    maxAttempts: 1,
    // Without `throwOnRequestTimeout` the handler only warns and goes on waiting.
    requestHandler: {
      requestTimeout: requestTimeoutMs,
      connectionTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: sockets,
      httpsAgent: sockets,
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
      },
    }),
  };
}

/** Returns the context of the attempts of a store. */
export function attemptContext(name: string, options: CloudOptions, closed: () => boolean): AttemptContext {
  const { retry: policy = RETRY_DEFAULT, clock = systemClock, random = systemRandom } = options;
  return { name, policy, clock, random, closed };
}

/** Silences the SDK's notice about Node 20, which this package supports; to be called before the SDK is loaded. */
export function silenceSdkNotice(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
