/**
 * The command line of the run with real processes: `pnpm processes:gossip --processes 30 --loss 0.1`.
 *
 *     --processes N   how many, default 30            --namespaces   each in a network namespace of its own (as root)
 *     --loss P        lost datagrams, default 0.1     --json         the figures as one line of JSON
 *
 * Processes listen on 127.0.x.y. Exits with 1 if a step is not done in time; with 0, and says so, if the system allows no
 * namespaces.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createNamespaces } from './namespaces.ts';
import { runProcesses } from './run-processes.ts';

const SCRIPT = fileURLToPath(new URL('../../../test/processes/member.mjs', import.meta.url));
const STOP_MS = 3_000;
const STEP_MS_MAX = 180_000;

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '30' },
    loss: { type: 'string', default: '0.1' },
    namespaces: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const count = Number(values.processes);
const namespaces = values.namespaces ? createNamespaces(count) : undefined;
if (typeof namespaces === 'string') {
  say(`SKIPPED: the system allows no network namespaces: ${namespaces}`);
} else {
  try {
    const steps = await runProcesses({
      count,
      loss: Number(values.loss),
      script: SCRIPT,
      tuning: {},
      stopMs: STOP_MS,
      stepMsMax: STEP_MS_MAX,
      placeOf:
        namespaces?.placeOf ??
        ((index) => ({ bind: `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}:0` })),
      split: namespaces?.split,
      onStep: (what, ms) => {
        if (!values.json) say(`${what.padEnd(32)} ${(ms / 1000).toFixed(1)} s`);
      },
    });
    if (values.json) say(JSON.stringify({ processes: count, loss: Number(values.loss), steps }));
    else say(`${count} processes kept together`);
  } finally {
    namespaces?.remove();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
