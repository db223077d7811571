/** The DynamoDB client. */
import type * as Sdk from '@aws-sdk/client-dynamodb';
import { clientOptions, silenceSdkNotice } from '../cloud-options.ts';
import { type LazyClient, lazyClient } from '../lazy-client.ts';
import type { DynamoDbRegisterOptions } from './options.ts';

/** A DynamoDB client that is loaded when it is needed. */
export type DynamoDb = LazyClient<typeof Sdk, Sdk.DynamoDBClient>;

/** Returns a client for `options` that is not loaded yet. */
export function dynamoDbClient(options: DynamoDbRegisterOptions): DynamoDb {
  return lazyClient(async () => {
    silenceSdkNotice();
    const sdk = await import('@aws-sdk/client-dynamodb');
    return { sdk, client: new sdk.DynamoDBClient(clientOptions(options)) };
  });
}
