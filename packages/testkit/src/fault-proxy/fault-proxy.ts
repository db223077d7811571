/**
 * A proxy for HTTP over real sockets that fails on request: between a client of S3 or DynamoDB and any server.
 *
 *     client ──► read whole ──► fault? ──► forward ──► reply, whole ──► fault? ──► client
 *                    drop ✕      └ hang …                 lose ✕  cut ½✕  stall ½…
 *
 * It keeps the `Host` header that the client has sent, for that is signed: the server sees the name of the proxy
 * there. Bodies are held in memory, so that what is forwarded is always a whole request.
 *
 * Invariants:
 * - It listens on 127.0.0.1 only.
 * - A request reaches the server at most once, and not at all after `close`.
 * - A server that does not answer looks to the client like a lost reply: its connection is reset.
 */
import { setMaxListeners } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock, throwIfAborted } from '@clortho/base';
import { forward, readWhole, type WholeReply, type WholeRequest } from './forward.ts';
import { operationName } from './operation-name.ts';
import type { ProxiedRequest, ProxyFault } from './proxy-fault.ts';

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The URL of the server: `http://127.0.0.1:9000`. */
  readonly target: string;
  /** The time that delays take. */
  readonly clock?: Clock | undefined;
}

/** The hook of a running proxy; set and unset it at any time. */
export interface ProxyFaults {
  /** Called once for every request that arrives whole; what it returns goes wrong. */
  onRequest?: ((request: ProxiedRequest) => ProxyFault | undefined) | undefined;
}

/** What passed through a proxy. */
export interface FaultProxyCounters {
  /** Requests that arrived whole. */
  requests: number;
  /** Of those, by operation. */
  readonly operations: Record<string, number>;
  /** Of those, by what went wrong with them. */
  readonly faults: Partial<Record<ProxyFault['kind'], number>>;
  /** Requests that reached the server. */
  forwarded: number;
  /** Requests that the server did not answer. */
  unanswered: number;
}

/** A running proxy. */
export interface FaultProxy {
  /** The URL to give to clients. */
  readonly endpoint: string;
  readonly counters: Readonly<FaultProxyCounters>;
  readonly faults: ProxyFaults;
  /** Resolves when no request is on its way to the server or held back, late ones included. */
  idle(): Promise<void>;
  /** Ends the proxy and all its connections; what is held back is dropped. Idempotent. */
  close(): Promise<void>;
}

/** Starts a proxy that lets everything pass until a hook is set. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { clock = systemClock } = options;
  const target = new URL(options.target);
  const agent = new Agent({ keepAlive: true });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // Any number of requests may be held back.
  const counters: FaultProxyCounters = {
    requests: 0,
    operations: {},
    faults: {},
    forwarded: 0,
    unanswered: 0,
  };
  const faults: ProxyFaults = {};
  const journeys = new Set<Promise<unknown>>();

  const wait = async (ms = 0): Promise<void> => {
    if (ms > 0) await clock.sleep(ms, closing.signal);
  };
  /** Takes a request to the server, after a while. `undefined` if the server does not answer. */
  const carry = (request: WholeRequest, laterMs?: number): Promise<WholeReply | undefined> => {
    const journey = wait(laterMs)
      .then(() => {
        throwIfAborted(closing.signal);
        counters.forwarded += 1;
        return forward(target, agent, request);
      })
      .catch(() => {
        if (!closing.signal.aborted) counters.unanswered += 1;
        return undefined;
      });
    journeys.add(journey);
    return journey.finally(() => journeys.delete(journey));
  };

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers, socket } = message;
    const request: WholeRequest = { method, url, ...(await readWhole(message)) };
    const operation = operationName(method, url, headers);
    const number = (counters.operations[operation] ?? 0) + 1;
    counters.requests += 1;
    counters.operations[operation] = number;
    const fault = faults.onRequest?.({ method, url, headers, operation, number });
    if (fault !== undefined) counters.faults[fault.kind] = (counters.faults[fault.kind] ?? 0) + 1;

    switch (fault?.kind) {
      case 'drop':
        socket.resetAndDestroy();
        return;
      case 'landLate':
        socket.resetAndDestroy();
        await carry(request, fault.laterMs);
        return;
      case 'hang':
        if (fault.lands) await carry(request);
        return;
      case 'delay':
      case 'loseReply':
      case 'cutReply':
      case 'stallReply':
      case undefined:
        break;
    }
    const delay = fault?.kind === 'delay' ? fault : undefined;
    const reply = await carry(request, delay?.beforeMs);
    await wait(delay?.afterMs);
    if (reply === undefined || fault?.kind === 'loseReply') socket.resetAndDestroy();
    else send(message, response, reply, fault?.kind);
  };

  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.socket.destroy()); // Closing, or a client that went away.
  });
  server.keepAliveTimeout = 60_000; // Longer than clients keep idle sockets: no reset that no fault asked for.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counters,
    faults,
    async idle() {
      while (journeys.size > 0) await Promise.all(journeys);
    },
    close() {
      closed ??= new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      });
      return closed;
    },
  };
}

function send(
  { method, socket }: IncomingMessage,
  response: ServerResponse,
  { status, statusText, rawHeaders, body }: WholeReply,
  fault: ProxyFault['kind'] | undefined,
): void {
  const half = body.subarray(0, body.length >> 1);
  const isCut = fault === 'cutReply';
  const isPartial = isCut || fault === 'stallReply';
  if (isPartial && (half.length === 0 || method === 'HEAD')) {
    // The head is all that there is to cut: the client gets none of it.
    if (isCut) socket.resetAndDestroy();
    return;
  }
  response.writeHead(status, statusText, [...rawHeaders]);
  if (!isPartial) {
    response.end(body);
    return;
  }
  response.write(half, () => {
    if (isCut) socket.resetAndDestroy();
  });
}
