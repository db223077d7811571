/**
 * How packets travel: datagrams that may be lost, and streams that carry one question and its answers.
 *
 * Invariants:
 * - A transport knows nothing of what it carries; it never throws for what comes from outside.
 */

/** Takes what arrives. */
export interface Receiver {
  /** Takes a datagram; the bytes are valid during the call only. */
  datagram(packet: Uint8Array, source: string): void;
  /** Takes the question of a stream and returns its answers, none if it is not to be answered; each is made when it is read. */
  question(packet: Uint8Array, source: string): Iterable<Uint8Array>;
}

/** What a transport counts. */
export interface TransportCounters {
  datagramsSent: number;
  datagramBytesSent: number;
  datagramsReceived: number;
  datagramBytesReceived: number;
  streamsOpened: number;
  streamsAccepted: number;
  /** Streams refused because too many were open, or broken off. */
  streamsFailed: number;
  /** Errors of sockets, all of them survived. */
  socketErrors: number;
}

/** Carries packets. */
export interface Transport {
  /** Where it listens, `host:port`. */
  readonly address: string;
  readonly counters: Readonly<TransportCounters>;
  /** Begins to hand over what arrives. Called once. */
  listen(receiver: Receiver): void;
  /** Sends a datagram, or loses it. */
  send(address: string, packet: Uint8Array): void;
  /**
   * Sends a question over a stream and calls `onAnswer` with every answer, until there are no more. Calls `onConnected`
   * when the other end is there: one that never does is asked again elsewhere while its answers are on their way.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if nobody is there or the stream breaks; `CLORTHO_ABORTED`.
   */
  ask(
    address: string,
    packet: Uint8Array,
    onAnswer: (packet: Uint8Array) => void,
    signal: AbortSignal,
    onConnected?: () => void,
  ): Promise<void>;
  /** Ends everything. What waits in `ask` ends with `CLORTHO_UNAVAILABLE` or `CLORTHO_ABORTED`. */
  close(): Promise<void>;
}

/** Returns counters at zero. */
export function zeroTransportCounters(): TransportCounters {
  return {
    datagramsSent: 0,
    datagramBytesSent: 0,
    datagramsReceived: 0,
    datagramBytesReceived: 0,
    streamsOpened: 0,
    streamsAccepted: 0,
    streamsFailed: 0,
    socketErrors: 0,
  };
}
