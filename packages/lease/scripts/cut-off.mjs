/** A proxy in front of a server: connections can be cut off, silently, as by a switch that lost its power. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts a proxy on 127.0.0.1 to `endpoint`. */
export async function startProxy(endpoint) {
  const target = new URL(endpoint);
  const pairs = new Set();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const pair = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    near.on('data', (chunk) => {
      if (!isCut) far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (!isCut) near.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    /** Swallows everything from now on. */
    cut() {
      isCut = true;
    },
    /** Lets everything pass again; what was swallowed is gone, and its connections with it. */
    mend() {
      isCut = false;
      for (const [near] of pairs) near.destroy();
    },
    async close() {
      for (const [near] of pairs) near.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
