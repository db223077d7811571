/**
 * A small DynamoDB on `node:http`, in memory, for tests: the protocol as the AWS SDK speaks it, signatures and
 * checksums included, with faults on demand.
 *
 * Invariants:
 * - It listens on 127.0.0.1 only.
 * - An operation takes effect in one turn of the event loop: operations are serial.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Clock, ClorthoError, checksum, type Random, systemClock, systemRandom } from '@clortho/base';
import type { Database, Operation } from './database.ts';
import {
  canceledFor,
  type DynamoDbFault,
  type DynamoDbFaults,
  type DynamoDbRequest,
  faultError,
} from './faults.ts';
import { batchGetItem, batchWriteItem } from './operations/batches.ts';
import { deleteItem, getItem, putItem, updateItem } from './operations/items.ts';
import { query } from './operations/query.ts';
import { scan } from './operations/scan.ts';
import { createTable, deleteTable, describeTable, listTables } from './operations/tables.ts';
import { transactGetItems, transactWriteItems } from './operations/transactions.ts';
import { isJsonObject, type JsonObject } from './request.ts';
import { ServiceError } from './service-error.ts';
import { checkSignature, type SigningIdentity } from './signature.ts';

/** Options of {@link startDynamoDbServer}. */
export interface DynamoDbServerOptions {
  /** The only access key that is known; `testkey` by default. */
  readonly accessKeyId?: string | undefined;
  /** Its secret; `testsecret` by default. */
  readonly secretAccessKey?: string | undefined;
  /** The region that requests must be signed for; `us-east-1` by default. */
  readonly region?: string | undefined;
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** The hook for faults; without it none happen until one is set. */
  readonly faults?: DynamoDbFaults | undefined;
  /** Where delays and the age of request tokens come from. */
  readonly clock?: Clock | undefined;
  /** Where request ids come from. */
  readonly random?: Random | undefined;
}

/** What a server was asked. */
export interface DynamoDbCounters {
  /** All requests, refused ones included. */
  requests: number;
  /** Requests by operation. */
  readonly operations: Record<string, number>;
  /** Requests whose client closed the connection before it had the answer. */
  abandoned: number;
}

/** A running server. */
export interface DynamoDbServer extends SigningIdentity {
  /** The URL to give to a client. */
  readonly endpoint: string;
  /** Live counters; read-only for callers. */
  readonly counters: Readonly<DynamoDbCounters>;
  /** The hook for faults, to be set and unset while it runs. */
  readonly faults: DynamoDbFaults;
  /** Puts another key in the place of the one that is known, which is refused from now on: it has expired. */
  replaceKey(key: Pick<SigningIdentity, 'accessKeyId' | 'secretAccessKey'>): void;
  /** Closes all connections and forgets all tables. Idempotent. */
  close(): Promise<void>;
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    CreateTable: createTable,
    DescribeTable: describeTable,
    DeleteTable: deleteTable,
    ListTables: listTables,
    GetItem: getItem,
    PutItem: putItem,
    UpdateItem: updateItem,
    DeleteItem: deleteItem,
    Query: query,
    Scan: scan,
    BatchGetItem: batchGetItem,
    BatchWriteItem: batchWriteItem,
    TransactGetItems: transactGetItems,
    TransactWriteItems: transactWriteItems,
  }),
);
const TARGET_PREFIX = 'DynamoDB_20120810.';
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Starts a server with no tables.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if the port is taken.
 */
export async function startDynamoDbServer(options: DynamoDbServerOptions = {}): Promise<DynamoDbServer> {
  let identity: SigningIdentity = {
    accessKeyId: options.accessKeyId ?? 'testkey',
    secretAccessKey: options.secretAccessKey ?? 'testsecret',
    region: options.region ?? 'us-east-1',
  };
  const { region } = identity;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const database: Database = { clock, region, tables: new Map(), applied: new Map() };
  const counters: DynamoDbCounters = { requests: 0, operations: {}, abandoned: 0 };
  const faults = options.faults ?? {};
  const closing = new AbortController();

  const perform = (request: DynamoDbRequest): JsonObject => {
    const operation = OPERATIONS.get(request.operation);
    if (operation !== undefined) return operation(database, request.input);
    throw new ServiceError('UnknownOperationException', `operation=${request.operation}`);
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    counters.requests += 1;
    let dropped = false;
    response.once('close', () => {
      if (!response.writableFinished && !dropped && !closing.signal.aborted) counters.abandoned += 1;
    });
    response.setHeader('x-amzn-requestid', requestId(random));
    const body = await readBody(incoming);
    const { method = '', url = '/', headers } = incoming;
    checkSignature({ method, path: url, headers, body }, identity);
    const operation = String(headers['x-amz-target'] ?? '').replace(TARGET_PREFIX, '');
    const number = (counters.operations[operation] ?? 0) + 1;
    counters.operations[operation] = number;
    const request: DynamoDbRequest = { operation, input: parseBody(body), number };
    const fault = faults.onRequest?.(request);
    if (fault?.kind === 'error') throw faultError(fault.code, request);
    if (fault?.kind === 'cancel') throw canceledFor(fault.reasons, request.input);
    if (fault?.kind === 'delay') await clock.sleep(fault.delayMs, closing.signal);
    if (fault?.kind !== 'dropBeforeEffect') {
      const output = perform(request);
      if (fault?.kind === 'errorAfterEffect') throw faultError(fault.code, request);
      if (fault?.kind === 'delayAfterEffect') await clock.sleep(fault.delayMs, closing.signal);
      if (fault?.kind !== 'dropAfterEffect') {
        send(response, 200, output, fault);
        dropped = fault?.kind === 'truncateBody';
        return;
      }
    }
    dropped = true;
    incoming.socket.resetAndDestroy();
  };

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (closing.signal.aborted) incoming.socket.destroy();
      else sendError(response, error);
    });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    get accessKeyId() {
      return identity.accessKeyId;
    },
    get secretAccessKey() {
      return identity.secretAccessKey;
    },
    region,
    endpoint: `http://127.0.0.1:${port}`,
    counters,
    faults,
    replaceKey({ accessKeyId, secretAccessKey }) {
      identity = { accessKeyId, secretAccessKey, region };
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      database.tables.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new ClorthoError('CLORTHO_UNAVAILABLE', `cannot listen: port=${port}`, { cause }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX)
      throw new ServiceError('SerializationException', 'request too large', {}, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseBody(body: Buffer): JsonObject {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (isJsonObject(parsed)) return parsed;
  } catch {
    // Answered like any other body that is no JSON object.
  }
  throw new ServiceError('SerializationException', 'the body is no JSON object');
}

function send(response: ServerResponse, status: number, output: JsonObject, fault?: DynamoDbFault): void {
  const body = Buffer.from(JSON.stringify(output));
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
    'x-amz-crc32': checksum(body),
  });
  if (fault?.kind !== 'truncateBody' && fault?.kind !== 'stallBody') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, body.length >> 1), () => {
    if (fault.kind === 'truncateBody') response.socket?.resetAndDestroy();
  });
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const known =
    error instanceof ServiceError ? error : new ServiceError('InternalServerError', String(error), {}, 500);
  send(response, known.status, {
    __type: `com.amazonaws.dynamodb.v20120810#${known.code}`,
    message: known.message,
    ...known.fields,
  });
}

function requestId(random: Random): string {
  return Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0')).join('');
}
