/** The fight of real processes over DynamoDB Local, for a minute; and leases over it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTable, dynamoDbRegisterStore } from '@clortho/registers';
import { beforeAll, describe, expect, it } from 'vitest';
import { leasesOver } from './backends.ts';

const SCRIPT = fileURLToPath(new URL('../scripts/fight.mjs', import.meta.url));
const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run scripts/real-servers test`);
  return value;
};

const place = {
  endpoint: environment('DDB_ENDPOINT'),
  region: environment('DDB_REGION'),
  credentials: { accessKeyId: environment('DDB_ACCESS_KEY'), secretAccessKey: environment('DDB_SECRET_KEY') },
  table: `leases-${process.pid}-${Date.now()}`,
};
let namespaces = 0;

describe('leases in DynamoDB', () => {
  beforeAll(() => createTable(place));
  leasesOver(async () => dynamoDbRegisterStore({ ...place, prefix: `test-${(namespaces += 1)}` }));
});

it.each(['dynamodb', 'lmdb'])(
  'no resource in %s is granted twice in a minute of blows',
  async (registers) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      SCRIPT,
      '--registers',
      registers,
      '--seconds',
      '60',
    ]);
    const line = stdout.trimEnd().split('\n').at(-1) ?? '';
    process.stdout.write(`${line}\n`);
    expect(JSON.parse(line)).toMatchObject({ problems: 0 });
  },
  180_000,
);
