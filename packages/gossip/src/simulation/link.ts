/**
 * The virtual network: what becomes of a packet between two nodes.
 *
 * Datagrams are lost, late, doubled and overtaken. Streams are not, but they wait for what was lost: a lost SYN for a second,
 * a lost segment for 200 ms, twice as long every time, as TCP does.
 *
 * Invariants:
 * - A blocked direction lets nothing through, the other one may.
 */
import { type Random, randomFraction } from '@clortho/base';

/** How the network treats packets. Times in milliseconds, the rest are probabilities. */
export interface LinkOptions {
  readonly loss: number;
  readonly delayMs: number;
  /** Delays are spread over `[delayMs, delayMs + jitterMs)`. */
  readonly jitterMs: number;
  readonly duplicate: number;
  /** How likely a packet is late by up to `reorderMs` more. */
  readonly reorder: number;
  readonly reorderMs: number;
}

/** A quiet data centre. */
export const LINK: LinkOptions = {
  loss: 0,
  delayMs: 0.5,
  jitterMs: 1,
  duplicate: 0,
  reorder: 0,
  reorderMs: 50,
};

const SYN_RETRY_MS = 1000;
const SEGMENT_RETRY_MS = 200;
const STREAM_MS_MAX = 10_000;
/** After so long without an answer a stream is given up. */
export const STREAM_SILENT_MS = 5_000;

/** Returns how long a packet takes; `undefined` if it is lost. */
export function datagramMs(link: LinkOptions, random: Random): number | undefined {
  if (link.loss > 0 && randomFraction(random) < link.loss) return undefined;
  return delayOf(link, random);
}

/** Tells whether a packet arrives twice. */
export function isDoubled({ duplicate }: LinkOptions, random: Random): boolean {
  return duplicate > 0 && randomFraction(random) < duplicate;
}

/** When something happens to a stream after it was asked for. */
export interface StreamTimes {
  readonly connectedMs: number;
  readonly askedMs: number;
}

/** Returns how long opening a stream and sending a message takes; `undefined` if it is given up. */
export function streamTimes(link: LinkOptions, random: Random): StreamTimes | undefined {
  const connectedMs = reliableMs(link, random, SYN_RETRY_MS) + reliableMs(link, random, SYN_RETRY_MS);
  const askedMs = connectedMs + reliableMs(link, random, SEGMENT_RETRY_MS);
  return askedMs > STREAM_MS_MAX ? undefined : { connectedMs, askedMs };
}

/** Returns how long an answer over an open stream takes. */
export function answerMs(link: LinkOptions, random: Random): number {
  return reliableMs(link, random, SEGMENT_RETRY_MS);
}

function delayOf({ delayMs, jitterMs, reorder, reorderMs }: LinkOptions, random: Random): number {
  const late = reorder > 0 && randomFraction(random) < reorder ? reorderMs * randomFraction(random) : 0;
  return delayMs + jitterMs * randomFraction(random) + late;
}

function reliableMs(link: LinkOptions, random: Random, retryMs: number): number {
  let waited = 0;
  for (let pause = retryMs; waited < STREAM_MS_MAX && randomFraction(random) < link.loss; pause *= 2)
    waited += pause;
  return waited + delayOf(link, random);
}
