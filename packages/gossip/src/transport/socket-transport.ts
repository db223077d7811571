/**
 * The transport of a process: UDP for datagrams, TCP on the same port for streams.
 *
 * Receive buffers are 2 MiB: with the usual 208 KiB a burst of small datagrams loses most of them. Errors of sockets (a
 * member that is gone, a full buffer) are counted and survived: the protocol expects loss.
 *
 * Invariants:
 * - At most `STREAMS_MAX` streams come in at a time. One without a question in `STREAM_MS_MAX` is ended, and gives way to a
 *   new one when all places are taken; one whose question has no answer is ended at once, and one that takes nothing of an
 *   answer for `ANSWER_MS_MAX`.
 * - A question has at most 256 KiB, and answers are made when the other end has taken those before: strangers get little
 *   memory.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { abortedError, type Clock, ClorthoError, isClorthoError, throwIfAborted } from '@clortho/base';
import { ANSWER_BYTES_MAX, ANSWERS_BYTES_MAX } from '../item/limits.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import { formatAddress, parseAddress } from './socket-address.ts';
import { type Receiver, type Transport, type TransportCounters, zeroTransportCounters } from './transport.ts';

/** Where to listen. */
export interface SocketTransportOptions {
  /** `host:port`; port 0 takes any. */
  readonly bind: string;
  readonly clock: Clock;
}

const UDP_BUFFER_BYTES: number = 2 ** 21;
const STREAMS_MAX = 64;
const STREAM_MS_MAX = 5_000;
/** Much of an answer waits in buffers of the system, which tell only now and then that something was taken. */
const ANSWER_MS_MAX = 30_000;
const QUESTION_BYTES_MAX: number = 2 ** 18;
const PIECE_BYTES = 65_536;
const BIND_ATTEMPTS_MAX = 10;

/** A stream that somebody else opened. */
interface AcceptedStream {
  readonly host: string;
  isAsked: boolean;
}

/**
 * Listens on UDP and TCP.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if the address cannot be used.
 */
export async function socketTransport(options: SocketTransportOptions): Promise<Transport> {
  const { host, port } = parseAddress(options.bind);
  for (let attempt = 1; ; attempt += 1) {
    const server = createServer({ allowHalfOpen: true });
    const udp = createSocket({
      type: isIPv6(host) ? 'udp6' : 'udp4',
      recvBufferSize: UDP_BUFFER_BYTES,
      sendBufferSize: UDP_BUFFER_BYTES,
    });
    server.on('connection', refuse);
    try {
      server.listen(port, host);
      await once(server, 'listening');
      const { port: bound } = server.address() as { readonly port: number };
      udp.bind(bound, host);
      await once(udp, 'listening');
      return new SocketTransport(formatAddress(host, bound), udp, server, options.clock);
    } catch (cause) {
      server.close();
      udp.close();
      // A port that TCP found free may be taken for UDP: any other one will do.
      if (port === 0 && attempt < BIND_ATTEMPTS_MAX) continue;
      throw new ClorthoError('CLORTHO_UNAVAILABLE', `the address cannot be used: address=${options.bind}`, {
        cause,
      });
    }
  }
}

/** Before anybody listens there is nobody to answer. */
function refuse(socket: Socket): void {
  socket.destroy();
}

class SocketTransport implements Transport {
  readonly address: string;
  readonly counters: TransportCounters = zeroTransportCounters();
  readonly #udp: UdpSocket;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #streams = new Set<Socket>();
  readonly #accepted = new Map<Socket, AcceptedStream>();

  constructor(address: string, udp: UdpSocket, server: Server, clock: Clock) {
    this.address = address;
    this.#udp = udp;
    this.#server = server;
    this.#clock = clock;
    const onError = (): void => {
      this.counters.socketErrors += 1;
    };
    udp.on('error', onError);
    server.on('error', onError);
  }

  listen(receiver: Receiver): void {
    this.#udp.on('message', (packet, { address, port }) => {
      this.counters.datagramsReceived += 1;
      this.counters.datagramBytesReceived += packet.length;
      receiver.datagram(packet, formatAddress(address, port));
    });
    this.#server.off('connection', refuse);
    this.#server.on('connection', (socket) => this.#accept(socket, receiver));
  }

  send(address: string, packet: Uint8Array): void {
    if (this.#closing.signal.aborted) return;
    const { host, port } = parseAddress(address);
    this.counters.datagramsSent += 1;
    this.counters.datagramBytesSent += packet.length;
    this.#udp.send(packet, port, host, (error) => {
      if (error !== null) this.counters.socketErrors += 1;
    });
  }

  async ask(
    address: string,
    packet: Uint8Array,
    onAnswer: (packet: Uint8Array) => void,
    signal: AbortSignal,
    onConnected?: () => void,
  ): Promise<void> {
    throwIfAborted(signal);
    throwIfAborted(this.#closing.signal);
    const { host, port } = parseAddress(address);
    this.counters.streamsOpened += 1;
    const socket = connect({ host, port }, onConnected);
    const onAbort = (): void => {
      socket.destroy(abortedError(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      socket.end(encodeFrame(packet));
      await this.#readAnswers(socket, onAnswer);
    } catch (cause) {
      this.counters.streamsFailed += 1;
      if (isClorthoError(cause, 'CLORTHO_ABORTED')) throw cause;
      throw new ClorthoError('CLORTHO_UNAVAILABLE', `the stream failed: address=${address}`, { cause });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const socket of this.#streams) socket.destroy();
    const closed = [once(this.#udp, 'close'), once(this.#server, 'close')];
    this.#udp.close();
    this.#server.close();
    await Promise.all(closed);
  }

  async #readAnswers(socket: Socket, onAnswer: (packet: Uint8Array) => void): Promise<void> {
    const reader = new FrameReader(ANSWER_BYTES_MAX);
    let total = 0;
    const done = this.#watch(socket, STREAM_MS_MAX, (chunk, progress) => {
      progress();
      total += chunk.length;
      const packets = total > ANSWERS_BYTES_MAX ? undefined : reader.take(chunk);
      if (packets === undefined) socket.destroy(new ClorthoError('CLORTHO_INVALID', 'an answer is too long'));
      else for (const packet of packets) onAnswer(packet);
    });
    await done;
    if (!reader.isBetween) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'an answer broke off');
  }

  #accept(socket: Socket, receiver: Receiver): void {
    const host = socket.remoteAddress ?? 'unknown';
    if (this.#accepted.size >= STREAMS_MAX && !this.#makePlace()) {
      this.counters.streamsFailed += 1;
      socket.destroy();
      return;
    }
    this.counters.streamsAccepted += 1;
    const source = formatAddress(host, socket.remotePort ?? 0);
    const reader = new FrameReader(QUESTION_BYTES_MAX);
    const stream: AcceptedStream = { host, isAsked: false };
    this.#accepted.set(socket, stream);
    socket.on('end', () => {
      // Who has asked has ended its side, and waits for answers.
      if (!stream.isAsked) socket.end();
    });
    const done = this.#watch(socket, STREAM_MS_MAX, (chunk, progress) => {
      const packets = stream.isAsked ? undefined : reader.take(chunk);
      if (packets === undefined) {
        socket.destroy();
        return;
      }
      const [question] = packets;
      if (question === undefined) return;
      stream.isAsked = true;
      writeAnswers(socket, piecesOf(receiver.question(question, source)), () => progress(ANSWER_MS_MAX));
    });
    done
      .catch(() => {
        this.counters.streamsFailed += 1;
      })
      .finally(() => {
        this.#accepted.delete(socket);
      });
  }

  /** Ends the oldest stream without a question from where there are most of them; tells whether there is one. */
  #makePlace(): boolean {
    const silent = new Map<string, Socket[]>();
    for (const [socket, { host, isAsked }] of this.#accepted)
      if (!isAsked) silent.set(host, [...(silent.get(host) ?? []), socket]);
    const [most] = [...silent.values()].sort((left, right) => right.length - left.length);
    const oldest = most?.[0];
    if (oldest === undefined) return false;
    this.#accepted.delete(oldest);
    oldest.destroy(new ClorthoError('CLORTHO_UNAVAILABLE', 'the stream gave way to another one'));
    return true;
  }

  /**
   * Reads a socket to its end. It has `msMax`, and again as long, or what else it is given, whenever it makes progress:
   * `onChunk` says what that is, or a few that send a byte now and then would take all places.
   */
  #watch(
    socket: Socket,
    msMax: number,
    onChunk: (chunk: Buffer, progress: (ms?: number) => void) => void,
  ): Promise<void> {
    const over = new AbortController();
    this.#streams.add(socket);
    let endsAt = this.#clock.monotonic() + msMax;
    const progress = (ms = msMax): void => {
      endsAt = this.#clock.monotonic() + ms;
    };
    const guard = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const left = endsAt - this.#clock.monotonic();
        if (left <= 0) {
          socket.destroy(new ClorthoError('CLORTHO_UNAVAILABLE', 'the stream is silent'));
          return;
        }
        await this.#clock.sleep(left, over.signal);
      }
    };
    guard().catch((error: unknown) => {
      if (!isClorthoError(error, 'CLORTHO_ABORTED')) socket.destroy(error as Error);
    });
    return new Promise((resolve, reject) => {
      socket.on('data', (chunk) => onChunk(chunk, progress));
      let failure: Error | undefined;
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('close', () => {
        over.abort();
        this.#streams.delete(socket);
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }
}

/** Yields the frames of answers, cut so that each piece that is taken shows progress. */
function* piecesOf(answers: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const answer of answers) {
    const frame = encodeFrame(answer);
    for (let at = 0; at < frame.length; at += PIECE_BYTES) yield frame.subarray(at, at + PIECE_BYTES);
  }
}

/** Writes as fast as the other end takes it, and ends the stream, both sides of it. */
function writeAnswers(socket: Socket, pieces: Iterator<Uint8Array>, progress: () => void): void {
  progress();
  while (!socket.destroyed) {
    const next = pieces.next();
    if (next.done === true) {
      // Who keeps its own side open has no claim to a place: what was written still arrives.
      socket.destroySoon();
      return;
    }
    if (!socket.write(next.value)) {
      socket.once('drain', () => writeAnswers(socket, pieces, progress));
      return;
    }
  }
}
