import { expect, test } from 'vitest';
import { barChart } from '../src/peers/bar-chart.ts';
import { BARS, BEST } from '../src/peers/bars.ts';
import { groupedPuts } from '../src/peers/grouped-puts.ts';
import { workloadNamed } from '../src/peers/judge.ts';
import { whyNotLoaded } from '../src/peers/load-peer.ts';
import { PEERS, peerNamed, presentPeers } from '../src/peers/peers.ts';
import { chosen } from '../src/peers/schedule.ts';

const manifests: Readonly<Record<string, object>> = {
  'package.json': { optionalDependencies: { lmdb: '3.5.6', slatedb: '1.0.0', broken: '1.0.0' } },
  'node_modules/lmdb/package.json': { version: '3.5.6' },
  'node_modules/broken/package.json': { version: '1.0.0' },
  'node_modules/slatedb/package.json': { version: '1.0.1' },
};
const read = (path: string): object | undefined => manifests[path];
const load = async (name: string): Promise<void> => {
  if (name === 'broken') throw new Error('no prebuilt binary');
};

test('a peer is left out with the reason: not pinned, not installed, another version, does not load', async () => {
  expect(await whyNotLoaded('lmdb', read, load)).toBeUndefined();
  expect(await whyNotLoaded('sqlite', read, load)).toBe('no version is pinned');
  expect(
    await whyNotLoaded('lmdb', (path) => (path === 'package.json' ? read(path) : undefined), load),
  ).toMatch(/^not installed/);
  expect(await whyNotLoaded('slatedb', read, load)).toBe('version 1.0.1 is installed, 1.0.0 is pinned');
  expect(await whyNotLoaded('broken', read, load)).toBe('does not load: Error: no prebuilt binary');
});

test('whoever is left out is listed, and Clortho never is', async () => {
  const { peers, skipped } = await presentPeers(['lmdb', 'slatedb'], async (module) =>
    module === 'lmdb' ? 'not installed' : undefined,
  );
  expect(peers.map(({ name }) => name)).toEqual(['clortho', 'slatedb']);
  expect(skipped).toHaveLength(PEERS.filter(({ isKernel }) => isKernel !== true).length - 2);
  expect(skipped).toContainEqual({ peer: 'lmdb', why: 'not installed' });
  await expect(presentPeers(['nobody'])).rejects.toThrow('no such peer: nobody');
});

test('workloads are chosen by their name or by that of their group', () => {
  expect(chosen(['scan', 'overwrites']).map(({ workloads }) => workloads.map(({ name }) => name))).toEqual([
    ['scan'],
    ['write-amplification', 'space'],
  ]);
  expect(() => chosen(['scna'])).toThrow('no such workload: scna');
});

test('every bar is about a workload and a peer that exist, and has one bound', () => {
  for (const { workload, to, against, least, most } of BARS) {
    expect(workloadNamed(to ?? workload).name).toBe(to ?? workload);
    expect(workloadNamed(workload).name).toBe(workload);
    if (against !== undefined && against !== BEST) expect(peerNamed(against).name).toBe(against);
    expect([least, most].filter((bound) => bound !== undefined)).toHaveLength(1);
  }
});

test('puts that come while a batch is on its way leave together, in order, and a failure hits its own batch only', async () => {
  const batches: number[] = [];
  const put = groupedPuts(async (rows) => {
    batches.push(rows.length);
    await Promise.resolve();
    if (batches.length === 2) throw new Error('full');
  });
  const value = new Uint8Array(1);
  const outcomes = [put('a', value)];
  await Promise.resolve();
  outcomes.push(put('b', value), put('c', value));
  const settled = await Promise.allSettled(outcomes);
  await put('d', value);
  expect(batches).toEqual([1, 2, 1]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
});

test('a chart has a bar per peer, the greatest as wide as there is room, and no raw markup from names', () => {
  const svg = barChart([
    {
      title: 'a < b',
      bars: [
        { name: 'clortho', value: 10, label: '10', isOurs: true },
        { name: 'other', value: 5, label: '5', isOurs: false },
      ],
    },
  ]);
  const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="(\d+)"/g)].map((match) => Number(match[1]));
  expect(widths).toHaveLength(2);
  expect(widths[0]).toBe(2 * (widths[1] as number));
  expect(svg).toContain('a &lt; b');
});
