/**
 * Registers in a DynamoDB table: the production backend.
 *
 *     one register read      GetItem, consistent           several   TransactGetItems
 *     one register changed   UpdateItem with a condition   several   TransactWriteItems with a request token
 *     only checks            a read, compared here         list      Query, consistent
 *
 * A check is a read because a register that has the version at some moment of the call satisfies the call, and
 * a read costs less and conflicts with nothing.
 *
 * Invariants:
 * - The condition of a change names the version, so a change that arrives twice, or late, is applied once.
 * - All attempts of a transaction carry one request token, which makes DynamoDB answer for the first.
 */
import type { ConditionCheck, TransactWriteItem, Update } from '@aws-sdk/client-dynamodb';
import type { Random } from '@clortho/base';
import { sendOptions, systemRandom } from '@clortho/base';
import { attemptRead, attemptWrite } from '../attempts.ts';
import { type RegisterBackend, registerStore, zeroCounters } from '../backend.ts';
import { attemptContext } from '../cloud-options.ts';
import { lostSwap } from '../compare.ts';
import type { Register, RegisterChange, RegisterStore } from '../register-store.ts';
import { dynamoDbClient } from './client.ts';
import { dynamoDbFailure } from './failure.ts';
import { itemKey, registerOf } from './item.ts';
import { type DynamoDbRegisterOptions, partitionKey } from './options.ts';

/**
 * Opens the registers in a table. Nothing is sent until the first call, so a missing table or refused credentials
 * show there.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the prefix is empty or too long.
 */
export function dynamoDbRegisterStore(options: DynamoDbRegisterOptions): RegisterStore {
  return registerStore(dynamoDbBackend(options));
}

function dynamoDbBackend(options: DynamoDbRegisterOptions): RegisterBackend {
  const { table: TableName, random = systemRandom } = options;
  const partition = partitionKey(options);
  const name = `dynamodb://${TableName}/${partition}`;
  const dynamoDb = dynamoDbClient(options);
  let closed = false;
  const context = attemptContext(name, options, () => closed);

  const read: RegisterBackend['read'] = (keys, signal) =>
    attemptRead(
      context,
      signal,
      (error) => dynamoDbFailure(name, keys.length, error),
      () =>
        dynamoDb.use(async ({ sdk, client }) => {
          const requests = keys.map((key) => ({ TableName, Key: itemKey(partition, key) }));
          const [only] = requests;
          if (only !== undefined && requests.length === 1) {
            const command = new sdk.GetItemCommand({ ...only, ConsistentRead: true });
            return [toRegister(await client.send(command, sendOptions(signal)))];
          }
          const command = new sdk.TransactGetItemsCommand({
            TransactItems: requests.map((Get) => ({ Get })),
          });
          return ((await client.send(command, sendOptions(signal))).Responses ?? []).map(toRegister);
        }),
    );

  const swap: RegisterBackend['swap'] = async (changes, signal) => {
    if (changes.every(({ value }) => value === undefined)) {
      const registers = await read(
        changes.map(({ key }) => key),
        signal,
      );
      return lostSwap(changes, registers) ?? { applied: true };
    }
    const updates = changes.map((change) => update(TableName, partition, change));
    const token = requestToken(random);
    const current = await attemptWrite(
      context,
      signal,
      (error) => dynamoDbFailure(name, changes.length, error),
      () =>
        dynamoDb.use(async ({ sdk, client }) => {
          const [only] = updates;
          const isSingle = only !== undefined && updates.length === 1;
          if (isSingle) {
            await client.send(new sdk.UpdateItemCommand(only), sendOptions(signal));
            return;
          }
          const TransactItems = updates.map(transactItem);
          const command = new sdk.TransactWriteItemsCommand({ TransactItems, ClientRequestToken: token });
          await client.send(command, sendOptions(signal));
        }),
    );
    return current === undefined ? { applied: true } : { applied: false, current };
  };

  async function* list(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<Register> {
    let after: Record<string, { S: string }> | undefined;
    do {
      const ExclusiveStartKey = after;
      const page = await attemptRead(
        context,
        signal,
        (error) => dynamoDbFailure(name, 0, error),
        () =>
          dynamoDb.use(({ sdk, client }) => {
            const command = new sdk.QueryCommand({
              TableName,
              ConsistentRead: true,
              ExclusiveStartKey,
              KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
              ExpressionAttributeValues: {
                ':pk': { S: partition },
                ...(prefix !== '' && { ':prefix': { S: prefix } }),
              },
            });
            return client.send(command, sendOptions(signal));
          }),
      );
      for (const item of page.Items ?? []) yield registerOf(item);
      after = page.LastEvaluatedKey as typeof after;
    } while (after !== undefined);
  }

  return {
    name,
    supports: { atomicMany: true },
    counters: zeroCounters(),
    read,
    swap,
    list,
    close() {
      closed = true;
      return dynamoDb.close();
    },
  };
}

/** An update, or a check if it has no `UpdateExpression`. */
type ItemChange = ConditionCheck & Pick<Partial<Update>, 'UpdateExpression'>;

function update(TableName: string, partition: string, { key, expect, value }: RegisterChange): ItemChange {
  const isNew = expect === 0;
  return {
    TableName,
    Key: itemKey(partition, key),
    ConditionExpression: isNew ? 'attribute_not_exists(#version)' : '#version = :expect',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ExpressionAttributeNames: { '#version': 'version', ...(value !== undefined && { '#value': 'value' }) },
    ...((value !== undefined || !isNew) && {
      ExpressionAttributeValues: {
        ...(!isNew && { ':expect': { N: String(expect) } }),
        ...(value !== undefined && { ':next': { N: String(expect + 1) }, ':value': { B: value } }),
      },
    }),
    ...(value !== undefined && { UpdateExpression: 'SET #version = :next, #value = :value' }),
  };
}

/** A change without a value is a check. */
function transactItem({ UpdateExpression, ...check }: ItemChange): TransactWriteItem {
  if (UpdateExpression === undefined) return { ConditionCheck: check };
  return { Update: { ...check, UpdateExpression } };
}

function toRegister({ Item }: { Item?: Parameters<typeof registerOf>[0] | undefined }): Register | undefined {
  return Item === undefined ? undefined : registerOf(Item);
}

function requestToken(random: Random): string {
  return Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0')).join('');
}
