/**
 * The benchmark of the package: sections one after the other, each in a process of its own.
 *
 *     node bench/bench.mjs [section …] [--json]
 *
 * Prints a table and exits with 1 if a figure misses its bound (ratios, shares and counts). Rates that are goals depend on the
 * machine: a goal that is missed is marked, and no failure.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const SECTIONS = ['encode', 'scan', 'get', 'filter', 'size', 'cold'];

if (process.argv[2] === '--section') {
  const { run } = await import(`./sections/${process.argv[3]}.mjs`);
  process.send(await run());
} else {
  await main(process.argv.slice(2));
}

async function main(words) {
  const json = words.includes('--json');
  const wanted = words.filter((word) => !word.startsWith('--'));
  const unknown = wanted.filter((name) => !SECTIONS.includes(name));
  if (unknown.length > 0) {
    console.error(`no such section: ${unknown.join(', ')}; there are ${SECTIONS.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const machine = `${cpus()[0]?.model ?? 'unknown processor'} × ${cpus().length}, Node ${process.versions.node}`;
  const sections = [];
  for (const name of wanted.length > 0 ? wanted : SECTIONS) {
    if (!json) console.log(`\n${name} …`);
    const { about, figures } = await runSection(name);
    const judged = figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) }));
    sections.push({ name, about, figures: judged });
    if (!json) print(about, judged);
  }
  const failed = sections
    .flatMap(({ figures }) => figures)
    .filter(({ verdict }) => verdict === 'FAILED').length;
  if (json) console.log(JSON.stringify({ machine, failed, sections }, undefined, 2));
  else console.log(`\n${machine}\n${failed === 0 ? 'all bounds are met' : `${failed} bounds are missed`}`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runSection(name) {
  const child = fork(fileURLToPath(import.meta.url), ['--section', name]);
  const [[result], [code]] = await Promise.all([
    Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]),
    once(child, 'exit'),
  ]);
  if (result === undefined || code !== 0) throw new Error(`section ${name} ended with ${code}`);
  return result;
}

function verdictOf({ value, goal, least, most, exactly }) {
  if (least !== undefined && value < least) return 'FAILED';
  if (most !== undefined && value > most) return 'FAILED';
  if (exactly !== undefined && value !== exactly) return 'FAILED';
  if (goal !== undefined) return value >= goal ? 'goal met' : 'below goal';
  return (least ?? most ?? exactly) === undefined ? '' : 'ok';
}

function print(about, figures) {
  console.log(about);
  for (const { name, value, unit, goal, least, most, exactly, verdict } of figures) {
    const digits = Math.abs(value) >= 1000 ? 0 : 4;
    const shown = value.toLocaleString('en', { maximumFractionDigits: digits });
    const bounds = [
      goal === undefined ? '' : `goal ${goal.toLocaleString('en')}`,
      least === undefined ? '' : `at least ${least.toLocaleString('en')}`,
      most === undefined ? '' : `at most ${most}`,
      exactly === undefined ? '' : `exactly ${exactly}`,
    ].join('');
    console.log(
      `  ${name.padEnd(44)} ${shown.padStart(12)} ${unit.padEnd(10)} ${bounds.padEnd(22)} ${verdict}`,
    );
  }
}
