import { describe, expect, it } from 'vitest';
import { runExperiment } from '../../src/simulation/experiment.ts';

const NODES = 200;
const SEEDS = [1, 2, 3];

describe.each(SEEDS)('200 members, seed %i', (seed) => {
  it('tell and notice in time at 10 % loss, and think nobody dead who lives', () => {
    const report = runExperiment({
      nodes: NODES,
      seconds: 15,
      seed,
      link: { loss: 0.1, duplicate: 0.02, reorder: 0.02 },
      rumourAtMs: 2000,
      crashAtMs: 3000,
    });
    expect(report.rumourAllMs).toBeLessThan(1200);
    expect(report.suspectAllMs).toBeLessThan(3000);
    expect(report.deadAllMs).toBeLessThan(10_000);
    expect(report.falseDeaths).toBe(0);
    expect(report.bytesPerSecondMax).toBeLessThan(36_000);
  });

  it('think nobody dead who stands still for up to two seconds', () => {
    const report = runExperiment({ nodes: NODES / 2, seconds: 20, seed, pausing: 0.05 });
    expect(report.falseSuspects).toBeGreaterThan(0);
    expect(report.falseDeaths).toBe(0);
  });

  it('know a rumour within ten seconds at 50 % loss', () => {
    const report = runExperiment({
      nodes: NODES,
      seconds: 12,
      seed,
      link: { loss: 0.5 },
      rumourAtMs: 1000,
      endsEarly: true,
    });
    expect(report.rumourAllMs).toBeLessThan(10_000);
  });
});

it('an idle member sends as little in a large cluster as in a small one', () => {
  const idle = (nodes: number): number => runExperiment({ nodes, seconds: 10, seed: 1 }).idleBytesPerSecond;
  expect(idle(300)).toBeLessThan(2000);
  expect(idle(300) / idle(30)).toBeLessThan(1.1);
});

it('equal seeds give equal reports', () => {
  const options = { nodes: 30, seconds: 10, seed: 9, link: { loss: 0.2 }, rumourAtMs: 1000, crashAtMs: 2000 };
  expect(runExperiment(options)).toEqual(runExperiment(options));
});
