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
  /**
   * An access key, or a function that returns one: it is called before the first request, and again after a service
   * refused what it returned.
   */
  readonly credentials?: CloudCredentials | (() => Promise<CloudCredentials>) | undefined;
  /** How often and how long a request is tried. */
  readonly retry?: RetryPolicy | undefined;
  /** How long one attempt may take; 5,000 by default. */
  readonly requestTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
const SOCKETS_MAX = 64;

/** What the client of an SDK takes. */
export interface ClientOptions {
  readonly maxAttempts: 1;
  readonly requestHandler: object;
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: SdkCredentials | (() => Promise<SdkCredentials>);
}

/** An access key as SDKs take it. */
export interface SdkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Returns what the client of an SDK takes for `options`. The SDK itself never retries: it would hide attempts. */
export function clientOptions(options: CloudOptions): ClientOptions {
  const { region, endpoint, credentials, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const sockets = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return {
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: requestTimeoutMs,
      // Until the answer begins. Without `throwOnRequestTimeout` the handler only warns and goes on waiting.
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      // An answer that begins and falls silent.
      socketTimeout: requestTimeoutMs,
      httpAgent: sockets,
      httpsAgent: sockets,
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && {
      credentials:
        typeof credentials === 'function' ? () => lookUp(credentials) : sdkCredentials(credentials),
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

/** Calls the function of a caller; its failure gets the name that the SDK gives its own: nothing was sent. */
async function lookUp(credentials: () => Promise<CloudCredentials>): Promise<SdkCredentials> {
  try {
    return sdkCredentials(await credentials());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new Error(reason, { cause }), { name: 'CredentialsProviderError' });
  }
}

function sdkCredentials({ accessKeyId, secretAccessKey, sessionToken }: CloudCredentials): SdkCredentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
