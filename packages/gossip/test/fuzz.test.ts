import { expect, test } from 'vitest';
import { KINDS } from '../fuzz/hostile.ts';
import { runPackets } from '../fuzz/run-packets.ts';

const PACKETS = 6000;

test('hostile packets are dropped and counted, and a member goes on', () => {
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const { findings, kinds, counters, answers } = runPackets(7, 0, PACKETS, cpuMs);
  expect(findings).toEqual([]);
  expect(Object.keys(kinds).sort()).toEqual([...KINDS].sort());
  const counted = Object.values(counters).reduce((sum, count) => sum + count, 0);
  expect(counted).toBe(PACKETS);
  for (const reason of [
    'malformed',
    'otherCluster',
    'wrongMode',
    'unknownKey',
    'replayed',
    'forged',
    'undecodable',
  ])
    expect(counters[reason]).toBeGreaterThan(0);
  expect(answers).toBeGreaterThan(0);
});
