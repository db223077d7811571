/**
 * Requests and replies on their way through a proxy.
 *
 * Invariants:
 * - What is signed passes unchanged: method, path, query, body and all headers, `Host` included. Only headers that
 *   are about a single connection are left out.
 */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';

/** A message whose body is whole. */
export interface WholeMessage {
  /** Names and values in turn, as they were sent, without those of the connection. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A request, read to its end. */
export interface WholeRequest extends WholeMessage {
  readonly method: string;
  readonly url: string;
}

/** A reply, read to its end. */
export interface WholeReply extends WholeMessage {
  readonly status: number;
  readonly statusText: string;
}

/** `Expect` has been answered by whoever has read the body. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Reads a message to its end. Rejects if the sender goes away before. */
export async function readWhole(message: IncomingMessage): Promise<WholeMessage> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const rawHeaders: string[] = [];
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = message.rawHeaders[index] as string;
    if (!OF_THE_CONNECTION.has(name.toLowerCase()))
      rawHeaders.push(name, message.rawHeaders[index + 1] as string);
  }
  // A body that came in chunks has no length of its own.
  if (message.headers['transfer-encoding'] !== undefined) rawHeaders.push('content-length', `${body.length}`);
  return { rawHeaders, body };
}

/** Sends a request to the server at `target` and returns the reply. Rejects if none comes, or `agent` is destroyed. */
export function forward(
  target: URL,
  agent: Agent,
  { method, url, rawHeaders, body }: WholeRequest,
): Promise<WholeReply> {
  const { hostname: host, port } = target;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host, port, method, path: url, headers: rawHeaders, agent });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 0, statusMessage: statusText = '' } = incoming;
      readWhole(incoming).then((whole) => resolve({ status, statusText, ...whole }), reject);
    });
    outgoing.end(body);
  });
}
