import { seededRandom } from '@clortho/base';
import { expect, it } from 'vitest';
import { Endpoint, type EndpointOptions } from '../src/endpoint.ts';
import { clusterTag, memberId } from '../src/member/member-id.ts';
import { type Receiver, type Transport, zeroTransportCounters } from '../src/transport/transport.ts';
import { DELTA, JOIN, type Message, NO_BYTES, PING, WANT } from '../src/wire/message.ts';
import { encodeMessage } from '../src/wire/message-codec.ts';
import { Sealer } from '../src/wire/sealer.ts';

it('answers are sealed when they are read', () => {
  let receiver: Receiver | undefined;
  let made = 0;
  const transport: Transport = {
    address: '10.0.0.1:1',
    counters: zeroTransportCounters(),
    listen: (listener) => {
      receiver = listener;
    },
    send: () => undefined,
    ask: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  function* answers(): Generator<Message> {
    for (; made < 10; made += 1) yield { kind: DELTA, seq: 1, more: 1, large: NO_BYTES, items: [] };
  }
  const both = { cluster: clusterTag('c'), keyring: undefined, random: seededRandom(1) };
  const options: EndpointOptions = {
    ...both,
    transport,
    sender: memberId('a'),
    self: memberId('a'),
    now: () => 0,
    gen: () => 1,
    handle: (_message, _sender, origin) => {
      if (typeof origin !== 'string') origin.answer(answers());
    },
  };
  expect(new Endpoint(options).opener.counters.accepted).toBe(0);
  const asker = new Sealer({ ...both, sender: memberId('b') });
  const question = asker.seal(encodeMessage({ kind: JOIN, seq: 1, items: [] }), 1, true);
  const sealed = receiver?.question(question, 'x')[Symbol.iterator]();
  expect(made).toBe(0);
  expect(sealed?.next().done).toBe(false);
  expect(made).toBe(0);
  expect(sealed?.next().done).toBe(false);
  expect(made).toBe(1);
});

it('questions leave places for pings, and it is told when one is connected and when it is over', async () => {
  const waiting: { readonly connect: (() => void) | undefined; readonly end: () => void }[] = [];
  const transport: Transport = {
    address: '10.0.0.1:1',
    counters: zeroTransportCounters(),
    listen: () => undefined,
    send: () => undefined,
    ask: (_address, _packet, _onAnswer, _signal, connect) =>
      new Promise((end) => {
        waiting.push({ connect, end });
      }),
    close: () => Promise.resolve(),
  };
  const endpoint = new Endpoint({
    cluster: clusterTag('c'),
    keyring: undefined,
    random: seededRandom(1),
    transport,
    sender: memberId('a'),
    self: memberId('a'),
    now: () => 0,
    gen: () => 1,
    handle: () => undefined,
  });
  const told: string[] = [];
  const ask = (message: Message, name: string): void =>
    endpoint.askQuietly('10.0.0.2:1', message, {
      connected: () => told.push(`${name} connected`),
      ended: () => told.push(`${name} ended`),
    });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const want: Message = { kind: WANT, seq: 1, wants: NO_BYTES, items: [] };
  const ping: Message = { kind: PING, seq: 1, target: 2, gen: 1, items: [] };
  for (let question = 0; question < 48; question += 1) ask(want, `want ${question}`);
  ask(want, 'one too many');
  await settled();
  expect(told).toEqual(['one too many ended']);
  for (let question = 0; question < 17; question += 1) ask(ping, `ping ${question}`);
  await settled();
  expect(waiting).toHaveLength(64);
  expect(told.splice(0)).toEqual(['one too many ended', 'ping 16 ended']);
  waiting[0]?.connect?.();
  expect(told).toEqual(['want 0 connected']);
  waiting[0]?.end();
  await settled();
  expect(told).toEqual(['want 0 connected', 'want 0 ended']);
  await endpoint.close();
  waiting[1]?.end();
  await settled();
  expect(told).toHaveLength(2);
});
