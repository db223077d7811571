/** The S3 client. */
import type * as Sdk from '@aws-sdk/client-s3';
import { clientOptions, silenceSdkNotice } from '../cloud-options.ts';
import { type LazyClient, lazyClient } from '../lazy-client.ts';
import type { S3RegisterOptions } from './options.ts';

/** Returns a client for `options` that is not loaded yet. */
export function s3Client(options: S3RegisterOptions): LazyClient<typeof Sdk, Sdk.S3Client> {
  const forcePathStyle = options.forcePathStyle ?? options.endpoint !== undefined;
  return lazyClient(async () => {
    silenceSdkNotice();
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, client: new sdk.S3Client({ ...clientOptions(options), forcePathStyle }) };
  });
}
