/** The conformance suite over a real S3 server; `scripts/real-servers test` starts one and sets S3_*. */
import { beforeAll, describe, it } from 'vitest';
import { objectStoreConformance } from '../src/conformance.ts';
import { createBucket, s3ObjectStore } from '../src/index.ts';

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run scripts/real-servers test`);
  return value;
}

const account = {
  endpoint: fromEnvironment('S3_ENDPOINT'),
  region: fromEnvironment('S3_REGION'),
  credentials: {
    accessKeyId: fromEnvironment('S3_ACCESS_KEY'),
    secretAccessKey: fromEnvironment('S3_SECRET_KEY'),
  },
  bucket: `objects-${process.pid}-${Date.now()}`,
};

let opened = 0;

beforeAll(() => createBucket(account));

objectStoreConformance(
  { describe, it },
  {
    name: 'real S3',
    // A prefix of its own makes the store of every test empty; the bucket goes with the server.
    open: async () => {
      opened += 1;
      const store = s3ObjectStore({ ...account, prefix: `test/${opened}` });
      return { store, close: () => store.close() };
    },
  },
);
