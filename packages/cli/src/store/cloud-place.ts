/** Buckets and tables as the packages below the engine take them. */
import type { S3ObjectStoreOptions } from '@clortho/object-store';
import type { DynamoDbRegisterOptions } from '@clortho/registers';
import { awsFromEnvironment } from './aws-environment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the options of a bucket. */
export function s3Options(environment: Environment, bucket: string): S3ObjectStoreOptions {
  const { region, s3Endpoint } = awsFromEnvironment(environment);
  return {
    bucket,
    ...(region === undefined ? {} : { region }),
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
  };
}

/** Returns the options of a table. */
export function dynamoDbOptions(environment: Environment, table: string): DynamoDbRegisterOptions {
  const { region, dynamoDbEndpoint } = awsFromEnvironment(environment);
  return {
    table,
    ...(region === undefined ? {} : { region }),
    ...(dynamoDbEndpoint === undefined ? {} : { endpoint: dynamoDbEndpoint }),
  };
}
