import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type Clock, systemClock } from '@clortho/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader } from '../../src/transport/frames.ts';
import { socketTransport } from '../../src/transport/socket-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (packet: Uint8Array): string => new TextDecoder().decode(packet);
const never = new AbortController().signal;

let left: Transport;
let right: Transport;

beforeEach(async () => {
  left = await socketTransport({ bind: '127.0.0.1:0', clock: systemClock });
  right = await socketTransport({ bind: '127.0.0.1:0', clock: systemClock });
});

afterEach(async () => {
  await Promise.all([left.close(), right.close()]);
});

const listen = (question: (packet: Uint8Array) => readonly Uint8Array[]): Promise<[string, string]> =>
  new Promise((resolve) => {
    right.listen({ datagram: (packet, source) => resolve([textOf(packet), source]), question });
  });

const answerWith = (question: (packet: Uint8Array) => readonly Uint8Array[]): void => {
  right.listen({ datagram: () => undefined, question });
};

describe('a transport over sockets', () => {
  it('carries datagrams, and tells where they came from', async () => {
    const arrived = listen(() => []);
    left.send(right.address, bytes('hello'));
    expect(await arrived).toEqual(['hello', left.address]);
    expect(left.counters).toMatchObject({ datagramsSent: 1, datagramBytesSent: 5 });
  });

  it('carries a question and its answers, of any size in between', async () => {
    const large = new Uint8Array(2 ** 20).fill(1);
    answerWith((packet) => [packet, large, new Uint8Array(0)]);
    const answers: number[] = [];
    await left.ask(right.address, bytes('question'), (packet) => answers.push(packet.length), never);
    expect(answers).toEqual([8, 2 ** 20, 0]);
  });

  it('carries an answer with all that a member may have', async () => {
    answerWith(() => [new Uint8Array(4.5 * 2 ** 20)]);
    const answers: number[] = [];
    await left.ask(right.address, bytes('question'), (packet) => answers.push(packet.length), never);
    expect(answers).toEqual([4.5 * 2 ** 20]);
  });

  it('makes answers no faster than they are read', async () => {
    let made = 0;
    right.listen({
      datagram: () => undefined,
      *question() {
        for (; made < 500; made += 1) yield new Uint8Array(2 ** 18);
      },
    });
    const socket = connect(Number(right.address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
    socket.pause();
    socket.write(encodeFrame(bytes('question')));
    while (made === 0) await systemClock.sleep(5);
    await systemClock.sleep(100);
    expect(made).toBeLessThan(100);
    socket.destroy();
  });

  it('tells once that the other end of a stream is there, before it answers, and not if nobody is', async () => {
    const told: string[] = [];
    const ask = (address: string): Promise<void> =>
      left.ask(
        address,
        bytes('question'),
        (packet) => told.push(textOf(packet)),
        never,
        () => told.push('connected'),
      );
    answerWith(() => [bytes('one'), bytes('two')]);
    await ask(right.address);
    expect(told).toEqual(['connected', 'one', 'two']);
    await expect(ask('127.0.0.1:9')).rejects.toThrow('the stream failed');
    expect(told).toHaveLength(3);
  });

  it('survives datagrams to nobody and to what is no host', async () => {
    left.send('127.0.0.1:9', bytes('x'));
    left.send('no.such.host.invalid:9', bytes('x'));
    const arrived = listen(() => []);
    left.send(right.address, bytes('after'));
    expect((await arrived)[0]).toBe('after');
  });

  it('says when nobody listens, and when it is aborted', async () => {
    const asking = left.ask('127.0.0.1:9', bytes('x'), () => undefined, never);
    await expect(asking).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    const aborted = left.ask(right.address, bytes('x'), () => undefined, AbortSignal.abort());
    await expect(aborted).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  });

  it('gives up a question that is larger than questions are', async () => {
    answerWith(() => [bytes('never')]);
    const answers: Uint8Array[] = [];
    const asking = left.ask(right.address, new Uint8Array(2 ** 19), (packet) => answers.push(packet), never);
    // How the other end notices depends on how much was on its way: an end, or a broken stream.
    await asking.catch((error: unknown) => expect(error).toMatchObject({ code: 'CLORTHO_UNAVAILABLE' }));
    expect(answers).toEqual([]);
  });

  it('ends a stream that says it brings gigabytes', async () => {
    answerWith(() => [bytes('never')]);
    const socket = connect(Number(right.address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await once(socket, 'close');
    expect(right.counters.streamsAccepted).toBe(1);
  });

  it('takes as many streams as it has places for, and ends the oldest without a question for more', async () => {
    answerWith(() => []);
    const port = Number(right.address.split(':')[1]);
    const sockets = Array.from({ length: 70 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    while (right.counters.streamsAccepted + right.counters.streamsFailed < 76) await systemClock.sleep(5);
    expect(right.counters).toMatchObject({ streamsAccepted: 70, streamsFailed: 6 });
    for (const socket of sockets) socket.destroy();
  });

  it('answers although silent strangers have taken all places', async () => {
    answerWith((packet) => [packet]);
    const port = Number(right.address.split(':')[1]);
    const sockets = Array.from({ length: 64 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    while (right.counters.streamsAccepted < 64) await systemClock.sleep(5);
    const answers: string[] = [];
    await left.ask(right.address, bytes('question'), (packet) => answers.push(textOf(packet)), never);
    expect(answers).toEqual(['question']);
    for (const socket of sockets) socket.destroy();
  });

  it('answers although strangers that asked what is no question keep their sides open', async () => {
    answerWith((packet) => (packet.length === 1 ? [] : [packet]));
    const port = Number(right.address.split(':')[1]);
    const sockets = Array.from({ length: 64 }, () =>
      connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined),
    );
    for (const socket of sockets) socket.write(encodeFrame(bytes('x')));
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'end')));
    const answers: string[] = [];
    await left.ask(right.address, bytes('question'), (packet) => answers.push(textOf(packet)), never);
    expect(answers).toEqual(['question']);
    for (const socket of sockets) socket.destroy();
  });

  // Fast enough for a short test, and slow enough for a busy machine: five seconds are 400 ms.
  describe('on a clock that runs twelve times as fast', () => {
    const fast: Clock = {
      now: () => systemClock.now() * 12,
      monotonic: () => systemClock.monotonic() * 12,
      sleep: (ms, signal) => systemClock.sleep(ms / 12, signal),
    };
    let hurried: Transport;

    beforeEach(async () => {
      hurried = await socketTransport({ bind: '127.0.0.1:0', clock: fast });
    });

    afterEach(() => hurried.close());

    it('goes on with an answer as long as it is taken, also for more than half a minute', async () => {
      const size = 9 * 2 ** 20 - 4;
      hurried.listen({
        datagram: () => undefined,
        question: () => Array.from({ length: 3 }, () => new Uint8Array(size)),
      });
      const socket = connect(Number(hurried.address.split(':')[1]), '127.0.0.1');
      socket.end(encodeFrame(bytes('question')));
      let read = 0;
      socket.on('data', (chunk) => {
        read += chunk.length;
        socket.pause();
        systemClock
          .sleep(10)
          .then(() => socket.resume())
          .catch(() => socket.destroy());
      });
      const began = fast.monotonic();
      await once(socket, 'close');
      expect(read).toBe(3 * (size + 4));
      expect(fast.monotonic() - began).toBeGreaterThan(40_000);
    });

    it('goes on with reading as long as an answer comes, also for more than five seconds', async () => {
      const frame = encodeFrame(new Uint8Array(20));
      const drip = async (socket: Socket): Promise<void> => {
        for (let at = 0; at < frame.length; at += 1) {
          socket.write(frame.subarray(at, at + 1));
          await systemClock.sleep(45);
        }
        socket.end();
      };
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        drip(socket).catch(() => socket.destroy());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { readonly port: number };
      const answers: number[] = [];
      const began = fast.monotonic();
      await hurried.ask(`127.0.0.1:${port}`, bytes('x'), (packet) => answers.push(packet.length), never);
      expect(answers).toEqual([20]);
      expect(fast.monotonic() - began).toBeGreaterThan(10_000);
      server.close();
    });

    it('ends a stream that is silent for five seconds', async () => {
      hurried.listen({ datagram: () => undefined, question: () => [] });
      const socket = connect(Number(hurried.address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'close');
      while (hurried.counters.streamsFailed === 0) await systemClock.sleep(1);
      expect(hurried.counters).toMatchObject({ streamsAccepted: 1, streamsFailed: 1 });
    });
  });

  it('closes although somebody connected before it listened', async () => {
    const socket = connect(Number(right.address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'close');
    await right.close();
  });

  it.each(['127.0.0.1', 'nowhere:x', '127.0.0.1:70000'])('refuses %s as an address', async (bind) => {
    await expect(socketTransport({ bind, clock: systemClock })).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
  });

  it('says when an address is taken', async () => {
    const taken = socketTransport({ bind: left.address, clock: systemClock });
    await expect(taken).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
  });
});

describe('frames', () => {
  it('come out whole, however a stream is cut', () => {
    const packets = [bytes('a'), new Uint8Array(0), bytes('longer than a few bytes')];
    const stream = Buffer.concat(packets.map(encodeFrame));
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new FrameReader(100);
      const read: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        read.push(...(reader.take(stream.subarray(at, at + size)) ?? []).map(textOf));
      expect(read).toEqual(packets.map(textOf));
      expect(reader.isBetween).toBe(true);
    }
  });
});
