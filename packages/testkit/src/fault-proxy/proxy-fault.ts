/**
 * What goes wrong between a client and a server: faults of single requests, named one by one or drawn by chance.
 *
 * Invariants:
 * - A fault says whether the request reaches the server; what the server then does is its own business.
 * - What is drawn depends on nothing but the random source and the order of the requests.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Random, randomFraction } from '@clortho/base';

/** A request as a proxy sees it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The name in the API of S3 or DynamoDB, such as `PutObject` or `UpdateItem`; else the method. */
  readonly operation: string;
  /** How many requests of this operation the proxy has seen, this one included. */
  readonly number: number;
}

/** What goes wrong with one request. */
export type ProxyFault =
  /** Resets the connection; the request goes nowhere. */
  | { readonly kind: 'drop' }
  /** Holds the request back, and then its reply. */
  | { readonly kind: 'delay'; readonly beforeMs?: number | undefined; readonly afterMs?: number | undefined }
  /** Forwards the request, and resets the connection when the reply comes. */
  | { readonly kind: 'loseReply' }
  /** Resets the connection at once; the request reaches the server all the same, so much later. */
  | { readonly kind: 'landLate'; readonly laterMs: number }
  /** Forwards the request, sends half of the reply and resets the connection. */
  | { readonly kind: 'cutReply' }
  /** Forwards the request, sends half of the reply and falls silent until the client gives up. */
  | { readonly kind: 'stallReply' }
  /** Silent until the client gives up; the request reaches the server if it `lands`. */
  | { readonly kind: 'hang'; readonly lands: boolean };

/** Probabilities per request; they add up to 1 at most, for at most one fault meets a request. */
export type ProxyFaultRates = Readonly<Partial<Record<ProxyFault['kind'], number>>>;

/** Which faults are drawn. */
export interface ProxyFaultPlan {
  readonly random: Random;
  /** For all requests, or a function that tells by method and operation. */
  readonly rates: ProxyFaultRates | ((request: ProxiedRequest) => ProxyFaultRates);
  /** The longest drawn delay, each way; 50 by default. */
  readonly delayMsMax?: number | undefined;
  /** The longest drawn time to a late landing; 500 by default. Short ones are drawn more often. */
  readonly laterMsMax?: number | undefined;
}

/** Returns a hook that draws the faults of a plan. */
export function drawnProxyFaults(plan: ProxyFaultPlan): (request: ProxiedRequest) => ProxyFault | undefined {
  const { rates, random } = plan;
  return (request) => {
    const kind = drawnKind(random, typeof rates === 'function' ? rates(request) : rates);
    return kind && drawnFault(kind, plan);
  };
}

function drawnKind(random: Random, rates: ProxyFaultRates): ProxyFault['kind'] | undefined {
  let rest = randomFraction(random);
  for (const [kind, rate] of Object.entries(rates) as [ProxyFault['kind'], number][]) {
    if (rest < rate) return kind;
    rest -= rate;
  }
  return undefined;
}

function drawnFault(kind: ProxyFault['kind'], plan: ProxyFaultPlan): ProxyFault {
  const { random, delayMsMax = 50, laterMsMax = 500 } = plan;
  switch (kind) {
    case 'delay':
      return {
        kind,
        beforeMs: delayMsMax * randomFraction(random),
        afterMs: delayMsMax * randomFraction(random),
      };
    case 'landLate':
      return { kind, laterMs: laterMsMax * randomFraction(random) ** 2 };
    case 'hang':
      return { kind, lands: randomFraction(random) < 0.5 };
    case 'drop':
    case 'loseReply':
    case 'cutReply':
    case 'stallReply':
      return { kind };
  }
}
