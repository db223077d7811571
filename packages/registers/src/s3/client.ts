/** The S3 client of the AWS SDK, loaded when the first request needs it: loading takes a quarter second. */
import type * as Sdk from '@aws-sdk/client-s3';
import { clientOptions, silenceSdkNotice } from '../cloud-options.ts';
import type { S3RegisterOptions } from './options.ts';

/** The SDK's module and a client of it. */
export interface LoadedClient {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
}

/** A client that is there when it is needed. */
export interface LazyClient {
  /** Returns the client, the same for all callers. */
  load(): Promise<LoadedClient>;
  /** Closes the client's sockets, if it was ever loaded. */
  close(): Promise<void>;
}

/** Returns a client for `options` that is not loaded yet. */
export function lazyClient(options: S3RegisterOptions): LazyClient {
  let loading: Promise<LoadedClient> | undefined;
  const forcePathStyle = options.forcePathStyle ?? options.endpoint !== undefined;
  const load = async (): Promise<LoadedClient> => {
    silenceSdkNotice();
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, client: new sdk.S3Client({ ...clientOptions(options), forcePathStyle }) };
  };
  return {
    load() {
      loading ??= load();
      return loading;
    },
    async close() {
      if (loading !== undefined) (await loading).client.destroy();
    },
  };
}
