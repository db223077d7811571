/**
 * The command line of the fuzzer: `pnpm fuzz:gossip --packets 1000000 --seed 1`.
 *
 *     --packets N   how many packets, default 100,000      --packet K   packet K alone
 *     --seed S      what they are made of, default 1       --json       the figures as one line of JSON
 *
 * Exits with 1 if anything was found.
 */
import { parseArgs } from 'node:util';
import { runPackets } from './run-packets.ts';

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '100000' },
    packet: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const seed = countOf('seed', values.seed);
const first = values.packet === undefined ? 0 : countOf('packet', values.packet);
const count = values.packet === undefined ? countOf('packets', values.packets) : 1;
const began = performance.now();
const figures = runPackets(seed, first, count, cpuMs);
const seconds = (performance.now() - began) / 1000;

if (values.json) {
  say(JSON.stringify({ seed, seconds, ...figures }));
} else {
  for (const [name, number] of Object.entries(figures.counters)) say(`${name.padEnd(16)} ${number}`);
  say(`answers          ${figures.answers}`);
  say(`members          ${figures.members}`);
  say(`stopped          ${figures.stopped}`);
  say(`longest packet   ${figures.longestMs.toFixed(1)} ms`);
  say(`heap growth      ${figures.heapGrowthMiB.toFixed(0)} MiB`);
  for (const finding of figures.findings) say(`\n${finding}`);
  say(`\n${count} packets from seed ${seed} in ${seconds.toFixed(1)} s, ${figures.findings.length} findings`);
}
process.exitCode = figures.findings.length === 0 ? 0 : 1;

/** Processor time: what else the machine does is no property of a packet. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function countOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} is a number from 0 on: ${text}\n`);
  return process.exit(2);
}
