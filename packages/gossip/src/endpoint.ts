/**
 * Between the protocol and a transport: messages become packets and back.
 *
 * Invariants:
 * - What is not authentic is never answered.
 * - Failures of the network are counted, never thrown: the protocol lives with loss.
 */
import { isClorthoError } from '@clortho/base';
import type { Origin, Sender, StreamProgress } from './core/core-host.ts';
import type { Transport } from './transport/transport.ts';
import { type Message, PING } from './wire/message.ts';
import { encodeMessage } from './wire/message-codec.ts';
import { Opener, type OpenerOptions } from './wire/opener.ts';
import { Sealer, type SealerOptions } from './wire/sealer.ts';

/** What an endpoint is made of. */
export interface EndpointOptions extends Omit<OpenerOptions, 'salt'>, SealerOptions {
  readonly transport: Transport;
  /** The generation that packets carry; it may grow. */
  readonly gen: () => number;
  /** Takes a message of an authenticated sender. */
  readonly handle: (message: Message, sender: Sender, origin: Origin) => void;
}

/** Streams that may be open at a time because of this process; more questions are not asked. */
const QUESTIONS_MAX = 64;
/** What other questions leave of them: a member that fetches much still finds out who lives. */
const PINGS_MIN = 16;

/** Sends and receives messages. */
export class Endpoint {
  readonly opener: Opener;
  readonly #options: EndpointOptions;
  readonly #sealer: Sealer;
  readonly #closing = new AbortController();
  #questions = 0;

  /** Creates an endpoint and begins to receive. */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options);
    this.opener = new Opener({ ...options, salt: this.#sealer.salt });
    options.transport.listen({
      datagram: (packet, source) => {
        const opened = this.opener.open(packet, source, false);
        if (opened !== undefined) options.handle(opened.message, opened.sender, source);
      },
      question: (packet, source) => this.#answer(packet, source),
    });
  }

  /** Sends a datagram. */
  send(address: string, message: Message): void {
    this.#options.transport.send(address, this.#seal(message, false));
  }

  /**
   * Asks over a stream and handles the answers; returns how many were authentic.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED` when the endpoint is closed or the signal
   *   aborts.
   */
  async ask(
    address: string,
    message: Message,
    signal?: AbortSignal,
    onConnected?: () => void,
  ): Promise<number> {
    let answers = 0;
    const closing = this.#closing.signal;
    const packet = this.#seal(message, true);
    await this.#options.transport.ask(
      address,
      packet,
      (answer) => {
        const opened = this.opener.open(answer, address, true);
        if (opened === undefined || closing.aborted) return;
        answers += 1;
        this.#options.handle(opened.message, opened.sender, address);
      },
      signal === undefined ? closing : AbortSignal.any([closing, signal]),
      onConnected,
    );
    return answers;
  }

  /** Asks over a stream, if there is a place for one more; that nobody answers is nothing to be told. */
  askQuietly(address: string, message: Message, progress?: StreamProgress): void {
    const closing = this.#closing.signal;
    const asked = this.#askInPlace(address, message, () => {
      if (!closing.aborted) progress?.connected();
    });
    asked
      .catch((error: unknown) => {
        // The transport has counted it, and the protocol does not hear from there: that is all there is to know.
        if (!isClorthoError(error)) throw error;
      })
      .finally(() => {
        if (!closing.aborted) progress?.ended();
      });
  }

  /** Ends everything, the transport included. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#options.transport.close();
  }

  async #askInPlace(address: string, message: Message, onConnected: () => void): Promise<void> {
    if (this.#closing.signal.aborted) return;
    if (this.#questions >= QUESTIONS_MAX - (message.kind === PING ? 0 : PINGS_MIN)) return;
    this.#questions += 1;
    try {
      await this.ask(address, message, undefined, onConnected);
    } finally {
      this.#questions -= 1;
    }
  }

  #answer(packet: Uint8Array, source: string): Iterable<Uint8Array> {
    const opened = this.opener.open(packet, source, true);
    if (opened === undefined) return [];
    const answers: Iterable<Message>[] = [];
    this.#options.handle(opened.message, opened.sender, { answer: (messages) => answers.push(messages) });
    return this.#sealed(answers);
  }

  *#sealed(answers: readonly Iterable<Message>[]): Generator<Uint8Array> {
    for (const messages of answers) for (const message of messages) yield this.#seal(message, true);
  }

  #seal(message: Message, isStream: boolean): Uint8Array {
    return this.#sealer.seal(encodeMessage(message), this.#options.gen(), isStream);
  }
}
