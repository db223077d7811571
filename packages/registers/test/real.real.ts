/** The conformance suite over real servers; `scripts/real-servers test` starts them and sets S3_* and DDB_*. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, it } from 'vitest';
import { registerStoreConformance } from '../src/conformance.ts';
import { createTable, dynamoDbRegisterStore, s3RegisterStore } from '../src/index.ts';

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run scripts/real-servers test`);
  return value;
}

/** Where and who, as both services want it. */
function account(service: 'DDB' | 'S3') {
  return {
    endpoint: fromEnvironment(`${service}_ENDPOINT`),
    region: fromEnvironment(`${service}_REGION`),
    credentials: {
      accessKeyId: fromEnvironment(`${service}_ACCESS_KEY`),
      secretAccessKey: fromEnvironment(`${service}_SECRET_KEY`),
    },
  };
}

const name = `registers-${process.pid}-${Date.now()}`;
const dynamoDb = { ...account('DDB'), table: name };
// Ceph compares the If-Match header with its ETag as it stands, without the quotes that HTTP puts around it.
const s3 = { ...account('S3'), bucket: name, forcePathStyle: true, unquotedEtags: true };

let namespaces = 0;

describe('DynamoDB', () => {
  beforeAll(() => createTable(dynamoDb));

  registerStoreConformance(
    { describe, it },
    {
      name: 'real DynamoDB',
      open: async () => {
        namespaces += 1;
        const options = { ...dynamoDb, prefix: `test-${namespaces}` };
        return {
          store: dynamoDbRegisterStore(options),
          openAnother: async () => dynamoDbRegisterStore(options),
          close: async () => {},
        };
      },
    },
  );
});

describe('S3', () => {
  beforeAll(async () => {
    const client = new S3Client(s3);
    await client.send(new CreateBucketCommand({ Bucket: s3.bucket }));
    client.destroy();
  });

  registerStoreConformance(
    { describe, it },
    {
      name: 'real S3',
      open: async () => {
        namespaces += 1;
        const options = { ...s3, prefix: `test-${namespaces}/` };
        return {
          store: s3RegisterStore(options),
          openAnother: async () => s3RegisterStore(options),
          close: async () => {},
        };
      },
    },
  );
});
