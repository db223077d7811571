/** How to reach AWS, or servers that speak its protocols, as the usual variables say. */
import type { AwsOptions } from '@clortho/engine';

/**
 * Returns the endpoints and the region of the environment. Credentials are left to the AWS SDK, which also knows
 * profiles and instance roles.
 */
export function awsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): AwsOptions {
  const all = environment['AWS_ENDPOINT_URL'];
  return {
    region: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
    s3Endpoint: environment['AWS_ENDPOINT_URL_S3'] ?? all,
    dynamoDbEndpoint: environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? all,
  };
}
