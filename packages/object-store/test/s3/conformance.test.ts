/** The conformance suite over S3, against the wire-level server of the testkit. */
import { startS3Server } from '@clortho/testkit';
import { describe, it } from 'vitest';
import { objectStoreConformance } from '../../src/conformance.ts';
import { createBucket, s3ObjectStore } from '../../src/index.ts';

for (const prefix of [undefined, 'tenants/7']) {
  objectStoreConformance(
    { describe, it },
    {
      name: `S3, ${prefix === undefined ? 'whole bucket' : 'prefix'}`,
      listedMax: 70,
      // A second part, once; the prefix changes nothing about it.
      blobBytesMax: prefix === undefined ? 17_000_000 : 100_000,
      open: async () => {
        const server = await startS3Server({ pageKeysMax: 25 });
        const { endpoint, accessKeyId, secretAccessKey } = server;
        const credentials = { accessKeyId, secretAccessKey };
        const options = { bucket: 'conformance', endpoint, credentials, prefix };
        await createBucket(options);
        const store = s3ObjectStore(options);
        return {
          store,
          close: async () => {
            await store.close();
            await server.close();
          },
        };
      },
    },
  );
}
