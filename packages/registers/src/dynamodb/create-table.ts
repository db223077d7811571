/**
 * The table that registers live in: made once, and checked.
 *
 *     partition key  pk  string        sort key  sk  string
 */
import type * as Sdk from '@aws-sdk/client-dynamodb';
import { ClorthoError } from '@clortho/base';
import { type AttemptContext, attemptRead, type Failure } from '../attempts.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';
import { attemptContext } from '../cloud-options.ts';
import { type DynamoDb, dynamoDbClient } from './client.ts';
import type { DynamoDbRegisterOptions } from './options.ts';

const POLL_MS = 250;
/** AWS creates a table within seconds; minutes mean that something is wrong. */
const CREATION_MS_MAX = 120_000;
/** A table that is being updated serves requests. */
const USABLE: ReadonlySet<string | undefined> = new Set(['ACTIVE', 'UPDATING']);
const KEY = 'HASH pk S, RANGE sk S';

/**
 * Creates the table named in `options`, billed per request, and waits until it can be used. A table that is there
 * and fits is left as it is.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a table of that name has another key; `CLORTHO_UNAVAILABLE`.
 */
export async function createTable(options: DynamoDbRegisterOptions): Promise<void> {
  const dynamoDb = dynamoDbClient(options);
  const context = attemptContext(`dynamodb://${options.table}`, options, () => false);
  const { clock } = context;
  try {
    const deadline = clock.monotonic() + CREATION_MS_MAX;
    let table = await describe(dynamoDb, context, options.table);
    if (table === undefined) await create(dynamoDb, context, options.table);
    while (table === undefined || !USABLE.has(table.TableStatus)) {
      if (clock.monotonic() > deadline) {
        throw new ClorthoError(
          'CLORTHO_UNAVAILABLE',
          `table is not ready: table=${options.table} status=${table?.TableStatus}`,
        );
      }
      table = await describe(dynamoDb, context, options.table);
      if (!USABLE.has(table?.TableStatus)) await clock.sleep(POLL_MS);
    }
    checkKey(options.table, table);
  } finally {
    await dynamoDb.close();
  }
}

/**
 * Returns normally if the table named in `options` can hold registers: it exists and has the right key.
 *
 * A store does not ask: it takes its table for what it should be, and its calls fail if it is not.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if it is missing; `CLORTHO_INVALID` if it has another key, which the
 *   message names; `CLORTHO_UNAVAILABLE` if it cannot be used yet, or any more.
 */
export async function checkTable(options: DynamoDbRegisterOptions): Promise<void> {
  const name = options.table;
  const dynamoDb = dynamoDbClient(options);
  try {
    const context = attemptContext(`dynamodb://${name}`, options, () => false);
    const table = await describe(dynamoDb, context, name);
    if (table === undefined) throw new ClorthoError('CLORTHO_NOT_FOUND', `table is missing: table=${name}`);
    checkKey(name, table);
    if (USABLE.has(table.TableStatus)) return;
    const facts = `table=${name} status=${table.TableStatus}`;
    throw new ClorthoError('CLORTHO_UNAVAILABLE', `table is not ready: ${facts}`);
  } finally {
    await dynamoDb.close();
  }
}

function describe(
  dynamoDb: DynamoDb,
  context: AttemptContext,
  TableName: string,
): Promise<Sdk.TableDescription | undefined> {
  const classify = (error: unknown): Failure => awsFailure(context.name, error);
  return attemptRead(context, undefined, classify, () =>
    dynamoDb.use(async ({ sdk, client }) => {
      try {
        return (await client.send(new sdk.DescribeTableCommand({ TableName }))).Table;
      } catch (error) {
        if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    }),
  );
}

/** Creating is as repeatable as reading: a table that someone created meanwhile is found by the next look. */
async function create(dynamoDb: DynamoDb, context: AttemptContext, TableName: string): Promise<void> {
  const classify = (error: unknown): Failure => awsFailure(context.name, error);
  await attemptRead(context, undefined, classify, () =>
    dynamoDb.use(async ({ sdk, client }) => {
      const command = new sdk.CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      });
      try {
        await client.send(command);
      } catch (error) {
        if (awsErrorName(error) !== 'ResourceInUseException') throw error;
      }
    }),
  );
}

function checkKey(name: string, { KeySchema = [], AttributeDefinitions = [] }: Sdk.TableDescription): void {
  const parts = KeySchema.map(({ AttributeName, KeyType }) => {
    const type = AttributeDefinitions.find((each) => each.AttributeName === AttributeName)?.AttributeType;
    return `${KeyType} ${AttributeName} ${type}`;
  });
  const found = parts.join(', ');
  if (found === KEY) return;
  const facts = `table=${name} key=${found} wanted=${KEY}`;
  throw new ClorthoError('CLORTHO_INVALID', `the table has another key: ${facts}`);
}
