/** A look at a cluster from outside: asks one member for everything, without becoming one. */
import { ClorthoError, randomBelow, throwIfAborted } from '@clortho/base';
import { Endpoint } from './endpoint.ts';
import { completeOptions, type GossipOptions } from './gossip-options.ts';
import type { MemberItem } from './item/item.ts';
import { NO_KEY_VALUES, withDelta } from './kv/key-values.ts';
import { type Member, memberOf } from './member/member.ts';
import { clusterTag, memberId } from './member/member-id.ts';
import { findSeeds } from './seeds.ts';
import { socketTransport } from './transport/socket-transport.ts';
import { decodeValue, type GossipValue } from './value-codec.ts';
import { JOIN, type Message } from './wire/message.ts';

/** A member and its keys. */
export interface ObservedMember extends Member {
  readonly values: ReadonlyMap<string, GossipValue>;
}

/** Whom to ask: the options of a membership without a name. */
export type ObserveOptions = Pick<
  GossipOptions,
  'cluster' | 'seeds' | 'keyring' | 'bind' | 'signal' | 'clock' | 'random' | 'transport'
>;

/**
 * Returns what the first seed that answers knows, reserved keys included.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID`, `CLORTHO_UNAVAILABLE` if no seed answers, `CLORTHO_ABORTED`.
 */
export async function observeCluster(options: ObserveOptions): Promise<ObservedMember[]> {
  throwIfAborted(options.signal);
  const complete = completeOptions({ ...options, name: 'observer' });
  const { cluster, keyring, clock, random, bind, seeds } = complete;
  // A name that nobody has: members must not take it for one of them, nor it a member for itself.
  const self = memberId(`${complete.name}-${random.uint32()}`);
  const transport = options.transport ?? (await socketTransport({ bind, clock }));
  const received: Message[] = [];
  const endpoint = new Endpoint({
    transport,
    cluster: clusterTag(cluster),
    sender: self,
    self,
    keyring,
    random,
    now: () => clock.monotonic(),
    gen: () => 0,
    handle: (message) => received.push(message),
  });
  const onAbort = (): void => {
    endpoint.close().catch(() => undefined);
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const shuffled = (addresses: readonly string[]): string[] =>
      [...addresses].sort(() => randomBelow(random, 3) - 1);
    const addresses = await findSeeds(seeds, transport.address, shuffled, options.signal);
    let failure: unknown;
    for (const address of addresses) {
      throwIfAborted(options.signal);
      try {
        const asked = await endpoint.ask(address, { kind: JOIN, seq: 0, items: [] });
        if (asked > 0) return observed(received);
      } catch (error) {
        failure = error;
      }
    }
    throw new ClorthoError('CLORTHO_UNAVAILABLE', `no seed answered: seeds=${addresses.length}`, {
      cause: failure,
    });
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await endpoint.close();
  }
}

function observed(messages: readonly Message[]): ObservedMember[] {
  const members = new Map<number, MemberItem>();
  const values = new Map<number, ReadonlyMap<string, GossipValue>>();
  for (const item of messages.flatMap(({ items }) => items)) {
    if (item.kind === 'member') members.set(item.id, item);
    if (item.kind !== 'delta') continue;
    const { entries } = withDelta(NO_KEY_VALUES, item);
    const present = [...entries].flatMap(([key, { value }]) =>
      value === undefined ? [] : [[key, decodeValue(value)] as const],
    );
    values.set(item.id, new Map(present));
  }
  return [...members.values()].map((item) => ({
    ...memberOf(item),
    values: values.get(item.id) ?? new Map(),
  }));
}
