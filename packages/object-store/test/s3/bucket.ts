/** A bucket on a server with faults, for one test. */
import { seededRandom } from '@clortho/base';
import { type FaultSubject, type S3Fault, type S3Server, startS3Server } from '@clortho/testkit';
import { onTestFinished } from 'vitest';
import { createBucket, type ObjectStore, type S3ObjectStoreOptions, s3ObjectStore } from '../../src/index.ts';
import { hastyClock } from '../fixture.ts';

/** A store, its server, and how long its retries would have taken. */
export interface TestBucket {
  readonly server: S3Server;
  readonly store: ObjectStore;
  readonly options: S3ObjectStoreOptions;
  readonly clock: ReturnType<typeof hastyClock>;
}

/** Returns a store on a new bucket whose retries wait for nothing. */
export async function testBucket(extra: Partial<S3ObjectStoreOptions> = {}): Promise<TestBucket> {
  const server = await startS3Server();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const clock = hastyClock();
  const credentials = { accessKeyId, secretAccessKey };
  const options = { bucket: 'faulty', endpoint, credentials, clock, random: seededRandom(1), ...extra };
  await createBucket(options);
  const store = s3ObjectStore(options);
  onTestFinished(async () => {
    await store.close();
    await server.close();
  });
  return { server, store, options, clock };
}

/** Lets the requests of one operation go wrong, in order; the rest go right. */
export function failFirst(
  server: S3Server,
  operation: FaultSubject['operation'],
  faults: readonly (S3Fault | undefined)[],
): void {
  const queue = [...faults];
  server.faults.onRequest = (subject) => (subject.operation === operation ? queue.shift() : undefined);
}
