/**
 * The command line of the simulation: `pnpm sim:gossip --nodes 1000 --loss 0.1 --seconds 60 --seed 1`.
 *
 *     --nodes N     how many nodes, default 1,000        --table   the promises, over 20 seeds each; exits with 1 if one is missed
 *     --loss P      lost datagrams, default 0.1          --seeds K  seeds of the table, default 20
 *     --seconds S   virtual seconds, default 60          --quick   the table with a tenth of the nodes and three seeds
 *     --seed S      what happens, default 1              --only T   the rows of the table whose group contains T
 *     --json        the figures as one line of JSON      --jobs J   processes of the table, default one per core
 *
 * A run tells a rumour after a sixth of the time, and crashes a node after a third. It exits with 1 if a node that was up was
 * thought dead, or if rumour or death were not known everywhere in the end.
 *
 * Times that a promise bounds are processor time: on a machine that does something else, the clock on the wall says how busy
 * that is.
 */
import { availableParallelism } from 'node:os';
import { memoryUsage } from 'node:process';
import { parseArgs } from 'node:util';
import { runExperiment } from '@clortho/gossip/simulation';
import { runTable } from './table.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    loss: { type: 'string', default: '0.1' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    only: { type: 'string', default: '' },
    table: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = (values.table ? await table() : single()) ? 0 : 1;

function table(): Promise<boolean> {
  const seeds = values.seeds === undefined ? undefined : numberOf('seeds', values.seeds);
  const { quick: isQuick, json: isJson, only } = values;
  const jobs = numberOf('jobs', values.jobs);
  return runTable({ first: numberOf('seed', values.seed), seeds, jobs, only, isQuick, isJson, say });
}

function single(): boolean {
  const nodes = numberOf('nodes', values.nodes);
  const seconds = numberOf('seconds', values.seconds);
  const loss = numberOf('loss', values.loss);
  const seed = numberOf('seed', values.seed);
  const began = process.cpuUsage();
  const wall = performance.now();
  const report = runExperiment({
    nodes,
    seconds,
    seed,
    link: { loss },
    rumourAtMs: (seconds * 1000) / 6,
    crashAtMs: (seconds * 1000) / 3,
  });
  const { user, system } = process.cpuUsage(began);
  const run = {
    cpuSeconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - wall) / 1000,
    rssMiB: Math.round(memoryUsage().rss / 2 ** 20),
  };
  const ok = report.falseDeaths === 0 && report.rumourAllMs !== undefined && report.deadAllMs !== undefined;
  if (values.json) say(JSON.stringify({ ...report, loss, ...run, ok }));
  else {
    const ms = (value: number | undefined): string =>
      value === undefined ? 'never' : `${Math.round(value)} ms`;
    say(`${nodes} nodes, ${loss * 100} % loss, ${seconds} s, seed ${seed}`);
    say(`rumour            half ${ms(report.rumourHalfMs)}, all ${ms(report.rumourAllMs)}`);
    say(`crash, suspected  first ${ms(report.suspectFirstMs)}, all ${ms(report.suspectAllMs)}`);
    say(`crash, dead       first ${ms(report.deadFirstMs)}, all ${ms(report.deadAllMs)}`);
    say(`false             ${report.falseDeaths} deaths, ${report.falseSuspects} suspicions`);
    const { idleBytesPerSecond: idle, bytesPerSecond: mean, bytesPerSecondMax: most } = report;
    say(`bytes/s per node  idle ${Math.round(idle)}, mean ${Math.round(mean)}, most ${Math.round(most)}`);
    say(
      `run               ${report.events} events, ${run.cpuSeconds.toFixed(1)} s of processor time (${run.wallSeconds.toFixed(1)} s), ${run.rssMiB} MiB`,
    );
  }
  return ok;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  process.stderr.write(`--${name} is a number from 0 on: ${text}\n`);
  return process.exit(2);
}
