/**
 * A member in a process of its own, told what to do by its parent: for tests that stop and kill processes.
 *
 * Its transport stands behind a proxy that loses datagrams and blocks addresses, because the network of one machine does
 * neither.
 */
import { ClorthoError, randomFraction, systemClock, systemRandom } from '@clortho/base';
import { Gossip, socketTransport } from '@clortho/gossip';

const { name, bind, seeds, loss, tuning } = JSON.parse(process.argv[2]);
let blocked = new Set();

const isLost = (address) => blocked.has(address) || randomFraction(systemRandom) < loss;

function behindProxy(inner) {
  return {
    address: inner.address,
    counters: inner.counters,
    listen: (receiver) =>
      inner.listen({
        datagram: (packet, source) => {
          if (!blocked.has(source)) receiver.datagram(packet, source);
        },
        question: (packet, source) => receiver.question(packet, source),
      }),
    send: (address, packet) => {
      if (!isLost(address)) inner.send(address, packet);
    },
    ask: (address, ...rest) => {
      if (!blocked.has(address)) return inner.ask(address, ...rest);
      return Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', `blocked: address=${address}`));
    },
    close: () => inner.close(),
  };
}

const transport = behindProxy(await socketTransport({ bind, clock: systemClock }));
const gossip = await Gossip.join({
  cluster: 'processes',
  name,
  keyring: [new Uint8Array(32).fill(4)],
  seeds,
  transport,
  tuning,
  joinTimeoutMs: 60_000,
});

const commands = {
  members: () => gossip.members().map(({ name: member, status }) => `${member} ${status}`),
  metrics: () => gossip.metrics(),
  get: ({ node, key }) => gossip.get(node, key),
  set: ({ key, value }) => gossip.set(key, value),
  block: ({ addresses }) => {
    blocked = new Set(addresses);
  },
};

process.on('message', ({ id, type, ...parameters }) => {
  process.send({ id, result: commands[type](parameters) ?? null });
});
process.on('disconnect', () => process.exit(0));
process.send({ id: 0, result: gossip.address });
