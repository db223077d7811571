/** Operations on tables. */
import { type Database, type Operation, type TableRecord, tableOf } from '../database.ts';
import {
  type JsonObject,
  optionalCount,
  optionalString,
  requiredObjects,
  requiredString,
} from '../request.ts';
import { ServiceError, validationError } from '../service-error.ts';
import { createTable as emptyTable, type KeyAttribute, type KeySchema } from '../table.ts';

const NAME_PATTERN = /^[a-zA-Z0-9_.-]{3,255}$/;
const NAMES_PER_PAGE = 100;

/** What a table may not ask for, refused rather than silently left out. */
const REFUSED_SETTINGS = [
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
  'StreamSpecification',
  'DeletionProtectionEnabled',
];

/** CreateTable: the answer says CREATING, every later one ACTIVE. */
export const createTable: Operation = (database, input) => {
  const name = requiredString(input, 'TableName');
  if (!NAME_PATTERN.test(name)) {
    throw validationError(
      `Value '${name}' at 'tableName' failed to satisfy constraint: [a-zA-Z0-9_.-]+, 3 to 255 long`,
    );
  }
  if (database.tables.has(name)) {
    throw new ServiceError('ResourceInUseException', `Table already exists: ${name}`);
  }
  const refused = REFUSED_SETTINGS.find(
    (setting) => input[setting] !== undefined && input[setting] !== false,
  );
  if (refused !== undefined) throw validationError(`${refused} is not part of this server`);
  const record: TableRecord = {
    name,
    table: emptyTable(keySchema(input)),
    createdMs: database.clock.now() / 1000,
    billingMode: optionalString(input, 'BillingMode') ?? 'PROVISIONED',
  };
  if (record.billingMode === 'PROVISIONED' && input['ProvisionedThroughput'] === undefined) {
    throw validationError('No provisioned throughput specified for the table');
  }
  database.tables.set(name, record);
  return { TableDescription: { ...describe(database, record), TableStatus: 'CREATING' } };
};

/** DescribeTable. */
export const describeTable: Operation = (database, input) => ({
  Table: describe(database, tableOf(database, input)),
});

/** DeleteTable: the table is gone at once. */
export const deleteTable: Operation = (database, input) => {
  const record = tableOf(database, input);
  database.tables.delete(record.name);
  return { TableDescription: { ...describe(database, record), TableStatus: 'DELETING' } };
};

/** ListTables, in order of names. */
export const listTables: Operation = (database, input) => {
  const after = optionalString(input, 'ExclusiveStartTableName') ?? '';
  const limit = optionalCount(input, 'Limit') ?? NAMES_PER_PAGE;
  const names = [...database.tables.keys()].sort().filter((name) => name > after);
  const page = names.slice(0, limit);
  const last = page.at(-1);
  return { TableNames: page, ...(names.length > limit && { LastEvaluatedTableName: last }) };
};

function keySchema(input: JsonObject): KeySchema {
  const definitions = requiredObjects(input, 'AttributeDefinitions', 2);
  const types = new Map(definitions.map((each) => [each['AttributeName'], each['AttributeType']]));
  const attribute = (element: JsonObject | undefined, keyType: string): KeyAttribute => {
    const name = requiredString(element ?? {}, 'AttributeName');
    const type = types.get(name);
    if (element?.['KeyType'] !== keyType) throw validationError('Invalid KeySchema: HASH first, then RANGE');
    if (type === 'S' || type === 'N' || type === 'B') return { name, type };
    throw validationError(
      'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions',
    );
  };
  const [partition, sort] = requiredObjects(input, 'KeySchema', 2);
  const schema: KeySchema = {
    partition: attribute(partition, 'HASH'),
    sort: sort === undefined ? undefined : attribute(sort, 'RANGE'),
  };
  if (definitions.length === (sort === undefined ? 1 : 2)) return schema;
  throw validationError(
    'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
  );
}

function describe(database: Database, { name, table, createdMs, billingMode }: TableRecord): JsonObject {
  const { partition, sort } = table.schema;
  const attributes = sort === undefined ? [partition] : [partition, sort];
  return {
    TableName: name,
    TableStatus: 'ACTIVE',
    TableArn: `arn:aws:dynamodb:${database.region}:000000000000:table/${name}`,
    CreationDateTime: createdMs / 1000,
    ItemCount: table.itemCount,
    AttributeDefinitions: attributes.map((each) => ({ AttributeName: each.name, AttributeType: each.type })),
    KeySchema: attributes.map((each, index) => ({
      AttributeName: each.name,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    BillingModeSummary: { BillingMode: billingMode },
  };
}
