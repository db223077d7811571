import { seededRandom } from '@clortho/base';
import { expect, it } from 'vitest';
import { Endpoint, type EndpointOptions } from '../src/endpoint.ts';
import { clusterTag, memberId } from '../src/member/member-id.ts';
import { type Receiver, type Transport, zeroTransportCounters } from '../src/transport/transport.ts';
import { DELTA, JOIN, type Message, NO_BYTES } from '../src/wire/message.ts';
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
