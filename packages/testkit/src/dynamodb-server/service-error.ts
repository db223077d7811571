/** The errors that the server answers with, as DynamoDB names them. */

/** A refusal in DynamoDB's terms: the code goes into `__type`, `fields` beside the message. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  /** Creates a refusal; almost all of them are HTTP 400. */
  constructor(code: string, message: string, fields: Readonly<Record<string, unknown>> = {}, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** Returns the error for a request that can never succeed. */
export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

/** Returns the error for a failed condition; `item` is what was there, if the request asked for it. */
export function conditionFailed(item: unknown): ServiceError {
  const fields = item === undefined ? {} : { Item: item };
  return new ServiceError('ConditionalCheckFailedException', 'The conditional request failed', fields);
}
