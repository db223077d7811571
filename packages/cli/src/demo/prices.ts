/**
 * List prices of AWS, us-east-1, on demand, before taxes and free tiers, as listed on 2024-11-01.
 *
 * S3 Standard: https://aws.amazon.com/s3/pricing/
 * DynamoDB on demand: https://aws.amazon.com/dynamodb/pricing/on-demand/
 */

/** Prices in dollars per unit. */
export interface Prices {
  readonly listedOn: string;
  /** Per PUT, COPY, POST or LIST request. */
  readonly objectWrite: number;
  /** Per GET or HEAD request. */
  readonly objectRead: number;
  /** Per byte and month. */
  readonly objectByteMonth: number;
  /** Per write unit of 1 KB. */
  readonly registerWriteUnit: number;
  /** Per read unit of 4 KB, strongly consistent. */
  readonly registerReadUnit: number;
}

/** The prices as listed: per 1,000 requests, per GB and month, per million units. */
export const PRICES: Prices = {
  listedOn: '2024-11-01',
  objectWrite: 0.005 / 1000,
  objectRead: 0.0004 / 1000,
  objectByteMonth: 0.023 / 1e9,
  registerWriteUnit: 0.625 / 1e6,
  registerReadUnit: 0.125 / 1e6,
};

/** What a write unit covers. */
export const WRITE_UNIT_BYTES = 1024;
/** What a read unit covers. */
export const READ_UNIT_BYTES = 4096;
/** A transaction prepares and commits every item: twice the units. */
export const TRANSACTION_FACTOR = 2;
