import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClorthoError } from '@clortho/base';
import {
  createTable,
  dynamoDbRegisterStore,
  lmdbRegisterStore,
  memoryRegisterStore,
  type RegisterStore,
} from '@clortho/registers';
import { type DynamoDbServer, startDynamoDbServer } from '@clortho/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { leasesOver } from './backends.ts';

let directory: string;
let server: DynamoDbServer;
let namespaces = 0;

const next = (): string => `test-${(namespaces += 1)}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clortho-lease-'));
  server = await startDynamoDbServer();
  await createTable(table());
});
afterAll(async () => {
  await Promise.all([server.close(), rm(directory, { recursive: true })]);
});

function table() {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { table: 'leases', endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** Registers that take one at a time, as S3 does. */
function oneAtATime(): RegisterStore {
  const inner = memoryRegisterStore();
  const refuseMany = (count: number): void => {
    if (count > 1) throw new ClorthoError('CLORTHO_UNSUPPORTED', `one register per call: registers=${count}`);
  };
  return {
    ...inner,
    supports: { atomicMany: false },
    async read(keys, options) {
      refuseMany(keys.length);
      return inner.read(keys, options);
    },
    async compareAndSwap(changes, options) {
      refuseMany(changes.length);
      return inner.compareAndSwap(changes, options);
    },
  };
}

describe.concurrent('leases in memory', () => leasesOver(async () => memoryRegisterStore()));
describe.concurrent('leases in registers that are swapped one at a time', () =>
  leasesOver(async () => oneAtATime()));
describe.concurrent('leases in LMDB', () =>
  leasesOver(() => lmdbRegisterStore(join(directory, next()), { create: true })));
describe.concurrent('leases in DynamoDB', () =>
  leasesOver(async () => dynamoDbRegisterStore({ ...table(), prefix: next() })));
