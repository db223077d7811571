import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProcesses } from '../../sim/processes/run-processes.ts';

const SCRIPT = fileURLToPath(new URL('member.mjs', import.meta.url));

test('processes that lose a tenth of their datagrams survive being stopped, split and killed', async () => {
  const steps = await runProcesses({
    count: 30,
    loss: 0.1,
    script: SCRIPT,
    tuning: { suspicionMs: 500, healMs: 500, syncMs: 500 },
    stopMs: 1000,
    stepMsMax: 60_000,
    placeOf: (index) => ({ bind: `127.0.7.${1 + index}:0` }),
  });
  expect(Object.keys(steps)).toHaveLength(6);
}, 240_000);
