/** The proxy between a client of `fetch` and a server that writes down what reaches it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seededRandom, systemClock } from '@clortho/base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  drawnProxyFaults,
  type FaultProxy,
  type ProxiedRequest,
  type ProxyFault,
  startFaultProxy,
} from '../../src/index.ts';

interface Arrived {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const SILENCE_MS = 100;
const REPLY = 'a reply of some length';
let arrived: Arrived[];
let proxy: FaultProxy;
let closeServer: () => Promise<void>;

beforeEach(async () => {
  arrived = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method, url, headers } = message;
      arrived.push({ line: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString() });
      if (url === '/vanish') message.socket.destroy();
      else response.writeHead(201, { 'x-from': 'the server', etag: '"e"' }).end(REPLY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy({ target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  closeServer = () => new Promise((resolve) => server.close(() => resolve()));
});
afterEach(async () => {
  await proxy.close();
  await closeServer();
});

/** Lets every request go wrong. */
function fail(fault: ProxyFault): ProxiedRequest[] {
  const requests: ProxiedRequest[] = [];
  proxy.faults.onRequest = (request) => {
    requests.push(request);
    return fault;
  };
  return requests;
}

/** Makes a request; returns what arrived of the reply, or `reset`. */
async function ask(path: string, init: RequestInit = {}): Promise<string> {
  try {
    const response = await fetch(`${proxy.endpoint}${path}`, init);
    return `${response.status} ${response.headers.get('x-from')} ${await response.text()}`;
  } catch {
    return init.signal?.aborted ? 'silent' : 'reset';
  }
}

/** The same, giving up a while after `isDone`: `silent` if nothing has come by then. */
async function askUntil(isDone: () => boolean, path: string, init: RequestInit = {}): Promise<string> {
  const patience = new AbortController();
  const answer = ask(path, { ...init, signal: patience.signal });
  await vi.waitFor(() => expect(isDone()).toBe(true), { timeout: 20_000, interval: 5 });
  await Promise.race([answer, systemClock.sleep(SILENCE_MS)]);
  patience.abort();
  return answer;
}

describe('a fault proxy', () => {
  it('passes on what it gets: line, headers with the Host that was signed, body; and the reply', async () => {
    const headers = { authorization: 'AWS4 signature', 'X-Amz-Meta-Case': 'kept' };
    const answer = await ask('/bucket/a%2Fb?x=1&x=2', { method: 'PUT', body: 'body', headers });
    expect(answer).toBe(`201 the server ${REPLY}`);
    expect(arrived).toMatchObject([{ line: 'PUT /bucket/a%2Fb?x=1&x=2', body: 'body' }]);
    expect(arrived[0]?.headers).toMatchObject({
      host: new URL(proxy.endpoint).host,
      authorization: 'AWS4 signature',
      'x-amz-meta-case': 'kept',
      'content-length': '4',
    });
  });

  it('gives a body that came in chunks a length', async () => {
    const body = new Blob(['some ', 'chunks']).stream();
    await ask('/', { method: 'POST', body, duplex: 'half' });
    expect(arrived).toMatchObject([{ body: 'some chunks', headers: { 'content-length': '11' } }]);
    expect(arrived[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  it('names the operations of S3 and DynamoDB, and numbers them', async () => {
    const seen = fail({ kind: 'delay' });
    await ask('/bucket/key', { method: 'PUT' });
    await ask('/bucket/key');
    await ask('/bucket?list-type=2&prefix=p');
    await ask('/bucket/key', { method: 'PUT' });
    await ask('/', { method: 'POST', headers: { 'x-amz-target': 'DynamoDB_20120810.UpdateItem' } });
    await ask('/bucket/key', { method: 'PATCH' });
    expect(seen.map(({ operation, number }) => `${operation} ${number}`)).toEqual([
      'PutObject 1',
      'GetObject 1',
      'ListObjectsV2 1',
      'PutObject 2',
      'UpdateItem 1',
      'PATCH 1',
    ]);
    expect(proxy.counters).toMatchObject({ requests: 6, forwarded: 6, operations: { PutObject: 2 } });
  });

  it.each<[ProxyFault, string, number]>([
    [{ kind: 'drop' }, 'reset', 0],
    [{ kind: 'loseReply' }, 'reset', 1],
    [{ kind: 'cutReply' }, 'reset', 1],
    [{ kind: 'stallReply' }, 'silent', 1],
    [{ kind: 'hang', lands: false }, 'silent', 0],
    [{ kind: 'hang', lands: true }, 'silent', 1],
    [{ kind: 'delay', beforeMs: 20, afterMs: 20 }, `201 the server ${REPLY}`, 1],
  ])('%o: the client sees %s', async (fault, seen, effects) => {
    fail(fault);
    const put = { method: 'PUT', body: 'b' };
    const isDone = (): boolean => proxy.counters.requests === 1 && arrived.length === effects;
    expect(await (seen === 'silent' ? askUntil(isDone, '/bucket/key', put) : ask('/bucket/key', put))).toBe(
      seen,
    );
    await proxy.idle();
    expect(arrived).toHaveLength(effects);
    expect(proxy.counters.faults).toEqual({ [fault.kind]: 1 });
    expect(proxy.counters.forwarded).toBe(effects);
  });

  it('cuts and stalls replies that have no body, too', async () => {
    fail({ kind: 'cutReply' });
    expect(await ask('/bucket/key', { method: 'HEAD' })).toBe('reset');
    fail({ kind: 'stallReply' });
    const isDone = (): boolean => arrived.length === 2;
    expect(await askUntil(isDone, '/bucket/key', { method: 'HEAD' })).toBe('silent');
  });

  it('lets a request land when its client has long given up', async () => {
    fail({ kind: 'landLate', laterMs: 500 });
    expect(await ask('/bucket/key', { method: 'PUT', body: 'late' })).toBe('reset');
    expect(arrived).toEqual([]);
    await proxy.idle();
    expect(arrived).toMatchObject([{ line: 'PUT /bucket/key', body: 'late' }]);
  });

  it('serves on after a fault, and resets where the server does not answer', async () => {
    fail({ kind: 'drop' });
    expect(await ask('/')).toBe('reset');
    proxy.faults.onRequest = undefined;
    expect(await ask('/vanish')).toBe('reset');
    expect(proxy.counters.unanswered).toBe(1);
    expect(await ask('/')).toBe(`201 the server ${REPLY}`);
  });

  it('drops what it holds back when it is closed, and leaves nothing open', async () => {
    fail({ kind: 'landLate', laterMs: 60_000 });
    expect(await ask('/')).toBe('reset');
    fail({ kind: 'hang', lands: false });
    const hanging = ask('/');
    await vi.waitFor(() => expect(proxy.counters.requests).toBe(2), { timeout: 20_000 });
    await Promise.all([proxy.close(), proxy.close()]);
    await proxy.idle();
    expect(await hanging).toBe('reset');
    expect(arrived).toEqual([]);
  });
});

describe('drawn faults', () => {
  const request: ProxiedRequest = { method: 'PUT', url: '/', headers: {}, operation: 'PutObject', number: 1 };
  const rates = {
    drop: 0.1,
    delay: 0.2,
    loseReply: 0.1,
    landLate: 0.1,
    cutReply: 0.1,
    stallReply: 0.1,
    hang: 0.1,
  };
  const drawMany = (seed: number): (ProxyFault | undefined)[] => {
    const draw = drawnProxyFaults({ random: seededRandom(seed), rates, delayMsMax: 5, laterMsMax: 7 });
    return Array.from({ length: 4000 }, () => draw(request));
  };

  it('come as often as their rates say, within their bounds, the same for the same seed', () => {
    const faults = drawMany(1);
    expect(drawMany(1)).toEqual(faults);
    expect(drawMany(2)).not.toEqual(faults);
    for (const [kind, rate] of [...Object.entries(rates), [undefined, 0.2] as const]) {
      const share = faults.filter((fault) => fault?.kind === kind).length / faults.length;
      expect(share).toBeGreaterThan(rate - 0.03);
      expect(share).toBeLessThan(rate + 0.03);
    }
    for (const fault of faults) {
      if (fault?.kind === 'delay') expect(Math.max(fault.beforeMs ?? 9, fault.afterMs ?? 9)).toBeLessThan(5);
      if (fault?.kind === 'landLate') expect(fault.laterMs).toBeLessThan(7);
    }
    const landings = faults.flatMap((fault) => (fault?.kind === 'hang' ? [fault.lands] : []));
    expect(new Set(landings)).toEqual(new Set([true, false]));
  });

  it('may depend on the operation', () => {
    const draw = drawnProxyFaults({
      random: seededRandom(1),
      rates: ({ operation }) => (operation === 'PutObject' ? { drop: 1 } : {}),
    });
    expect(draw(request)).toEqual({ kind: 'drop' });
    expect(draw({ ...request, operation: 'GetObject' })).toBeUndefined();
  });
});
