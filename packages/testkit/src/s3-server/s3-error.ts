/** Errors as S3 reports them: an HTTP status and a code, in an XML body. */

/** Thrown by an operation; the server turns it into the answer. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  /** Creates an error with S3's own names, such as `404, 'NoSuchKey'`. */
  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.name = 'S3Error';
    this.status = status;
    this.code = code;
  }
}
