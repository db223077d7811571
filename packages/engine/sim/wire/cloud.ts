/** The services that a run talks to: servers of the test kit, or real ones. */
import { createBucket } from '@clortho/object-store';
import { createTable } from '@clortho/registers';
import { startDynamoDbServer, startS3Server } from '@clortho/testkit';

/** Where a service is, and who asks. */
export interface ServiceAccount {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A bucket and a table, which runs share: each has a prefix of its own there. */
export interface Cloud {
  /** For people who read results. */
  readonly name: string;
  readonly s3: ServiceAccount;
  readonly dynamoDb: ServiceAccount;
  /** The name of the bucket and of the table. */
  readonly place: string;
  /** How long clients wait for an answer. */
  readonly requestTimeoutMs: number;
  /** Ends what was started here. */
  close(): Promise<void>;
}

/** Starts the servers of the test kit. */
export async function testCloud(): Promise<Cloud> {
  const [s3, dynamoDb] = await Promise.all([startS3Server(), startDynamoDbServer()]);
  const accountOf = ({ endpoint, region, accessKeyId, secretAccessKey }: typeof s3 | typeof dynamoDb) => ({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  return prepared({
    name: 'the servers of the test kit',
    s3: accountOf(s3),
    dynamoDb: accountOf(dynamoDb),
    place: 'clortho',
    requestTimeoutMs: 300,
    close: async () => {
      await Promise.all([s3.close(), dynamoDb.close()]);
    },
  });
}

/** Returns the real servers that `scripts/real-servers` has started: S3_* and DDB_* of its environment. */
export async function realCloud(environment: NodeJS.ProcessEnv, place: string): Promise<Cloud> {
  const wanted = (name: string): string => {
    const value = environment[name];
    if (value === undefined) throw new Error(`${name} is not set: run scripts/real-servers start`);
    return value;
  };
  const accountOf = (service: 'S3' | 'DDB'): ServiceAccount => ({
    endpoint: wanted(`${service}_ENDPOINT`),
    region: wanted(`${service}_REGION`),
    credentials: {
      accessKeyId: wanted(`${service}_ACCESS_KEY`),
      secretAccessKey: wanted(`${service}_SECRET_KEY`),
    },
  });
  return prepared({
    name: 'Ceph and DynamoDB Local',
    s3: accountOf('S3'),
    dynamoDb: accountOf('DDB'),
    place,
    requestTimeoutMs: 1000,
    close: async () => undefined,
  });
}

async function prepared(cloud: Cloud): Promise<Cloud> {
  await createBucket({ ...cloud.s3, bucket: cloud.place });
  await createTable({ ...cloud.dynamoDb, table: cloud.place });
  return cloud;
}
