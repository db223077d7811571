/** Creates the table that registers live in. */
import type * as Sdk from '@aws-sdk/client-dynamodb';
import { ClorthoError } from '@clortho/base';
import { type AttemptContext, attemptRead, type Failure } from '../attempts.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';
import { attemptContext } from '../cloud-options.ts';
import { type LazyClient, lazyClient } from './client.ts';
import type { DynamoDbRegisterOptions } from './options.ts';

const POLL_MS = 250;
/** AWS creates a table within seconds; minutes mean that something is wrong. */
const CREATION_MS_MAX = 120_000;

/**
 * Creates the table named in `options`, billed per request, and waits until it can be used. A table that is there
 * and fits is left as it is.
 *
 *     partition key  pk  string        sort key  sk  string
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a table of that name has another key; `CLORTHO_UNAVAILABLE`.
 */
export async function createTable(options: DynamoDbRegisterOptions): Promise<void> {
  const lazy = lazyClient(options);
  const context = attemptContext(`dynamodb://${options.table}`, options, () => false);
  const { clock } = context;
  try {
    const deadline = clock.monotonic() + CREATION_MS_MAX;
    let table = await describe(lazy, context, options.table);
    if (table === undefined) await create(lazy, context, options.table);
    while (table?.TableStatus !== 'ACTIVE') {
      if (clock.monotonic() > deadline) {
        throw new ClorthoError(
          'CLORTHO_UNAVAILABLE',
          `table is not ready: table=${options.table} status=${table?.TableStatus}`,
        );
      }
      table = await describe(lazy, context, options.table);
      if (table?.TableStatus !== 'ACTIVE') await clock.sleep(POLL_MS);
    }
    checkKeys(options.table, table);
  } finally {
    await lazy.close();
  }
}

function describe(
  lazy: LazyClient,
  context: AttemptContext,
  TableName: string,
): Promise<Sdk.TableDescription | undefined> {
  const classify = (error: unknown): Failure => awsFailure(context.name, error);
  return attemptRead(context, undefined, classify, async () => {
    const { sdk, client } = await lazy.load();
    try {
      return (await client.send(new sdk.DescribeTableCommand({ TableName }))).Table;
    } catch (error) {
      if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  });
}

/** Creating is as repeatable as reading: a table that someone created meanwhile is found by the next look. */
async function create(lazy: LazyClient, context: AttemptContext, TableName: string): Promise<void> {
  const classify = (error: unknown): Failure => awsFailure(context.name, error);
  await attemptRead(context, undefined, classify, async () => {
    const { sdk, client } = await lazy.load();
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
  });
}

function checkKeys(name: string, { KeySchema = [], AttributeDefinitions = [] }: Sdk.TableDescription): void {
  const keys = KeySchema.map(({ AttributeName, KeyType }) => {
    const type = AttributeDefinitions.find((each) => each.AttributeName === AttributeName)?.AttributeType;
    return `${KeyType} ${AttributeName} ${type}`;
  });
  const found = keys.join(', ');
  if (found === 'HASH pk S, RANGE sk S') return;
  throw new ClorthoError('CLORTHO_INVALID', `the table has another key: table=${name} key=${found}`);
}
