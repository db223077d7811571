/**
 * A small S3 server for tests: in memory, on the loopback interface, with faults on demand.
 *
 *     socket ─▶ read ─▶ signature ─▶ operation ─▶ fault? ─▶ serve (one step) ─▶ fault? ─▶ answer
 *
 * It speaks the wire protocol of S3 in path style, checks signatures and digests, and refuses what it does not
 * know, so that a client that works here was understood.
 *
 * Invariants:
 * - It listens on 127.0.0.1 only.
 * - A request takes effect in one synchronous step, or not at all.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Random, systemClock, systemRandom } from '@clortho/base';
import type { Buckets } from './buckets.ts';
import type { S3Fault, S3Faults } from './faults.ts';
import { PAGE_KEYS_MAX } from './listing.ts';
import { operationOf, type S3Operation } from './operation.ts';
import { type RouterContext, serve } from './router.ts';
import { S3Error } from './s3-error.ts';
import { type S3Answer, type S3Request, s3Request } from './s3-request.ts';
import { checkSignature } from './signature.ts';
import { element } from './xml.ts';

/** Options of {@link startS3Server}. */
export interface S3ServerOptions {
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** The only region that signatures may name; `us-east-1` by default. */
  readonly region?: string | undefined;
  /** The most keys of a page of a listing; 1,000, as on S3, by default. Small pages are a cheap test of paging. */
  readonly pageKeysMax?: number | undefined;
  /** The port; 0, a free one, by default. */
  readonly port?: number | undefined;
  readonly faults?: S3Faults | undefined;
  /** Draws upload ids. */
  readonly random?: Random | undefined;
  /** Dates objects and checks the time of requests, which clients take from the machine's clock. */
  readonly clock?: Clock | undefined;
}

/** What a server was asked. */
export interface S3ServerCounters {
  requests: number;
  /** Requests by operation, as far as their signature was right. */
  readonly operations: Partial<Record<S3Operation, number>>;
  /** Requests whose client closed the connection before it had the answer. */
  abandoned: number;
  bytesReceived: number;
  bytesSent: number;
}

/** A running server. */
export interface S3Server {
  /** The URL to give to clients. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly counters: Readonly<S3ServerCounters>;
  readonly faults: S3Faults;
  /** Puts another key in the place of the one that is known, which is refused from now on: it has expired. */
  replaceKey(key: AccessKey): void;
  /** Ends the server and all its connections. Idempotent. */
  close(): Promise<void>;
}

/** A key and its secret. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Faults that end the connection from this side. */
const DROPPING: ReadonlySet<S3Fault['kind']> = new Set([
  'dropBeforeEffect',
  'dropAfterEffect',
  'truncateBody',
]);

/** Starts a server without buckets. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  let key: AccessKey = {
    accessKeyId: options.accessKeyId ?? 'test-access-key',
    secretAccessKey: options.secretAccessKey ?? 'test-secret-key',
  };
  const region = options.region ?? 'us-east-1';
  const pageKeysMax = options.pageKeysMax ?? PAGE_KEYS_MAX;
  const faults: S3Faults = options.faults ?? {};
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const buckets: Buckets = new Map();
  const context: RouterContext = { buckets, region, pageKeysMax, faults, clock, random };
  const counters: S3ServerCounters = {
    requests: 0,
    operations: {},
    abandoned: 0,
    bytesReceived: 0,
    bytesSent: 0,
  };
  const closing = new AbortController();

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(message);
    if (body === undefined) return; // The client went away; nothing takes effect.
    counters.requests += 1;
    counters.bytesReceived += body.length;
    let dropped = false;
    response.once('close', () => {
      if (!response.writableFinished && !dropped && !closing.signal.aborted) counters.abandoned += 1;
    });
    let answer: S3Answer;
    let fault: S3Fault | undefined;
    try {
      const request = s3Request(message.method ?? '', message.url ?? '/', message.headers, body);
      checkSignature(request, { ...key, region, clock });
      const operation = operationOf(request);
      const number = (counters.operations[operation] ?? 0) + 1;
      counters.operations[operation] = number;
      const { bucket, headers } = request;
      fault = await faults.onRequest?.({ operation, bucket, key: request.key, headers, number });
      dropped = fault !== undefined && DROPPING.has(fault.kind);
      if (fault?.kind === 'dropBeforeEffect') {
        message.socket.resetAndDestroy();
        return;
      }
      if (fault?.kind === 'delay') await clock.sleep(fault.delayMs, closing.signal);
      answer = serveWithFault(operation, request, context, fault);
    } catch (error) {
      answer = errorAnswer(error, message.url ?? '/');
    }
    if (fault?.kind === 'dropAfterEffect') {
      message.socket.resetAndDestroy();
      return;
    }
    counters.bytesSent += send(message, response, answer, fault);
  };

  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.socket.destroy()); // Closing, or a client that went away.
  });
  server.keepAliveTimeout = 60_000; // Longer than clients keep idle sockets: no reset that no fault asked for.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get accessKeyId() {
      return key.accessKeyId;
    },
    get secretAccessKey() {
      return key.secretAccessKey;
    },
    region,
    counters,
    faults,
    replaceKey({ accessKeyId, secretAccessKey }) {
      key = { accessKeyId, secretAccessKey };
    },
    close: () => {
      closed ??= new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

function serveWithFault(
  operation: S3Operation,
  request: S3Request,
  context: RouterContext,
  fault: S3Fault | undefined,
): S3Answer {
  if (fault?.kind === 'error') throw new S3Error(fault.status, fault.code);
  const answer = serve(operation, request, context);
  if (fault?.kind === 'errorAfterEffect') throw new S3Error(fault.status, fault.code);
  return answer;
}

/** Returns the whole body, or `undefined` if the client went away first. */
async function readBody(message: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return message.complete ? Buffer.concat(chunks) : undefined;
}

function errorAnswer(error: unknown, resource: string): S3Answer {
  if (!(error instanceof S3Error)) throw error;
  const { xml } = element('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('Resource', resource),
    element('RequestId', '0'),
  ]);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
  return { status: error.status, headers: { 'content-type': 'application/xml' }, body };
}

/** Sends the answer and returns how many bytes of body went out. */
function send(
  message: IncomingMessage,
  response: ServerResponse,
  answer: S3Answer,
  fault: S3Fault | undefined,
): number {
  const body =
    typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? new Uint8Array(0));
  const bodiless = answer.status === 204 || answer.status === 304;
  const xml = typeof answer.body === 'string' ? { 'content-type': 'application/xml' } : {};
  const length = bodiless ? {} : { 'content-length': String(body.length) };
  response.writeHead(answer.status, { ...xml, ...answer.headers, ...length, 'x-amz-request-id': '0' });
  if (bodiless || message.method === 'HEAD') {
    response.end();
    return 0;
  }
  if (fault?.kind === 'corruptBody') {
    const corrupt = Uint8Array.from(body);
    const middle = corrupt.length >> 1;
    corrupt[middle] = (corrupt[middle] ?? 0) ^ 1;
    response.end(corrupt);
    return corrupt.length;
  }
  const truncates = fault?.kind === 'truncateBody';
  if (!truncates && fault?.kind !== 'stallBody') {
    response.end(body);
    return body.length;
  }
  const half = body.subarray(0, body.length >> 1);
  response.write(half, () => {
    if (truncates) message.socket.resetAndDestroy();
  });
  return half.length;
}
