/** Creating a bucket: an administrative step, never done implicitly. */
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { ClorthoError } from '@clortho/base';
import { s3Connection } from './s3-connection.ts';
import { codeOf } from './s3-failure.ts';
import type { S3ObjectStoreOptions } from './s3-options.ts';

/**
 * Creates the bucket of `options`; one that the account owns already is no error.
 *
 * @throws {ClorthoError} `CLORTHO_CONFLICT` if the name belongs to another account; `CLORTHO_INVALID` if it is
 *   no name; `CLORTHO_UNAVAILABLE`.
 */
export async function createBucket(options: S3ObjectStoreOptions): Promise<void> {
  const connection = s3Connection(options);
  const { bucket: Bucket, region = 'us-east-1' } = options;
  // The first region must not be named, and an empty configuration is refused.
  const LocationConstraint = region as BucketLocationConstraint;
  const location = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
  try {
    await connection.request(undefined, async ({ client, sdk }) => {
      try {
        await client.send(new sdk.CreateBucketCommand({ Bucket, ...location }));
      } catch (error) {
        if (codeOf(error) === 'BucketAlreadyOwnedByYou') return;
        if (codeOf(error) !== 'BucketAlreadyExists') throw error;
        const facts = `bucket=${Bucket}`;
        throw new ClorthoError('CLORTHO_CONFLICT', `the bucket belongs to another account: ${facts}`, {
          cause: error,
        });
      }
    });
  } finally {
    await connection.close();
  }
}
