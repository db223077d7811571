/** The DynamoDB client of the AWS SDK, loaded when the first request needs it: loading takes a quarter second. */
import type * as Sdk from '@aws-sdk/client-dynamodb';
import { clientOptions, silenceSdkNotice } from '../cloud-options.ts';
import type { DynamoDbRegisterOptions } from './options.ts';

/** The SDK's module and a client of it. */
export interface LoadedClient {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.DynamoDBClient;
}

/** A client that is there when it is needed. */
export interface LazyClient {
  /** Returns the client, the same for all callers. */
  load(): Promise<LoadedClient>;
  /** Closes the client's sockets, if it was ever loaded. */
  close(): Promise<void>;
}

/** Returns a client for `options` that is not loaded yet. */
export function lazyClient(options: DynamoDbRegisterOptions): LazyClient {
  let loading: Promise<LoadedClient> | undefined;
  const load = async (): Promise<LoadedClient> => {
    silenceSdkNotice();
    const sdk = await import('@aws-sdk/client-dynamodb');
    return { sdk, client: new sdk.DynamoDBClient(clientOptions(options)) };
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
