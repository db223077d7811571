/**
 * A fight of real processes: eight of them want 64 resources while they are stopped, killed and cut off, and a counter
 * behind each resource shows whether two ever had it at once.
 *
 *     node packages/lease/scripts/fight.mjs [--registers lmdb|dynamodb] [--seconds 60] [--processes 8] [--resources 64]
 *
 * DynamoDB is the one at DDB_ENDPOINT (with DDB_REGION, DDB_ACCESS_KEY and DDB_SECRET_KEY), else a small one of its own.
 * The last line is JSON. Exits with 1 if anybody broke a rule.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDynamoDbServer } from '@clortho/testkit';
import { startProxy } from './cut-off.mjs';
import { createFightRegisters, openFightRegisters } from './fight-registers.mjs';
import { judgeFight } from './judge-fight.mjs';

const { values } = parseArgs({
  options: {
    registers: { type: 'string', default: 'lmdb' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    resources: { type: 'string', default: '64' },
  },
});
const TIMES = { durationMs: 3000, renewMs: 600, guardMs: 600, attemptMs: 400, pollMs: 200 };
/** After the last blow, so that everybody has come back to work. */
const PEACE_MS = 2 * TIMES.durationMs;
const CONTENDER = fileURLToPath(new URL('./contender.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'clortho-fight-'));
const resources = Array.from({ length: Number(values.resources) }, (_, index) => `resource-${index}`);
const blows = { stopped: 0, killed: 0, cut: 0 };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const below = (bound) => Math.floor(Math.random() * bound);

let server;
try {
  const place = await openPlace();
  const contenders = [];
  for (let index = 0; index < Number(values.processes); index += 1)
    contenders.push(await contender(index, place));
  const endMs = performance.now() + Number(values.seconds) * 1000 - PEACE_MS;
  while (performance.now() < endMs) {
    await sleep(100 + below(300));
    strike(contenders[below(contenders.length)], endMs);
  }
  await sleep(PEACE_MS);
  for (const one of contenders) await one.end();
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
  const { problems, figures } = judgeFight(lines, await finals(place));
  for (const problem of problems.slice(0, 20)) process.stderr.write(`${problem}\n`);
  const result = { registers: values.registers, ...blows, ...figures, problems: problems.length };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (problems.length > 0 || figures.writes === 0) process.exitCode = 1;
} finally {
  await server?.close();
  // The logs of a fight that went wrong are needed.
  if (process.exitCode === 1) process.stderr.write(`see ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}

async function openPlace() {
  if (values.registers === 'lmdb') return { directory: join(folder, 'registers') };
  const { DDB_ENDPOINT, DDB_REGION, DDB_ACCESS_KEY, DDB_SECRET_KEY } = process.env;
  if (DDB_ENDPOINT === undefined) server = await startDynamoDbServer();
  const place = {
    endpoint: server?.endpoint ?? DDB_ENDPOINT,
    region: server?.region ?? DDB_REGION,
    credentials: {
      accessKeyId: server?.accessKeyId ?? DDB_ACCESS_KEY,
      secretAccessKey: server?.secretAccessKey ?? DDB_SECRET_KEY,
    },
    table: `fight-${process.pid}-${Date.now()}`,
  };
  await createFightRegisters(place);
  return place;
}

/** One name, and the processes that have it one after the other. */
async function contender(index, place) {
  const proxy = place.endpoint === undefined ? undefined : await startProxy(place.endpoint);
  const own = proxy === undefined ? place : { ...place, endpoint: proxy.endpoint };
  const name = `process-${index}`;
  let lives = 0;
  let isOver = false;
  let child = start();

  function start() {
    lives += 1;
    const config = { place: own, name, resources, times: TIMES, log: join(folder, `${name}-${lives}.log`) };
    const started = spawn(process.execPath, [CONTENDER, JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    started.on('exit', (code) => {
      if (isOver) return;
      if (code !== null && code !== 0) process.stderr.write(`${name} failed: code=${code}\n`);
      if (code === 1) process.exitCode = 1;
      child = start();
    });
    return started;
  }

  return {
    stop(ms) {
      const stopped = child;
      stopped.kill('SIGSTOP');
      setTimeout(() => stopped.kill('SIGCONT'), ms);
    },
    kill: () => child.kill('SIGKILL'),
    cut(ms) {
      if (proxy === undefined) return false;
      proxy.cut();
      setTimeout(() => proxy.mend(), ms);
      return true;
    },
    async end() {
      isOver = true;
      const ended = child;
      const exit = once(ended, 'exit');
      ended.kill('SIGTERM');
      const timer = setTimeout(() => ended.kill('SIGKILL'), 15_000);
      if (ended.exitCode === null && ended.signalCode === null) await exit;
      clearTimeout(timer);
      await proxy?.close();
    },
  };
}

function strike(victim, endMs) {
  const ms = Math.min(below(2 * TIMES.durationMs), endMs - performance.now());
  switch (below(5)) {
    case 0:
    case 1:
      blows.stopped += 1;
      victim.stop(ms);
      return;
    case 2:
    case 3:
      if (victim.cut(ms)) blows.cut += 1;
      return;
    default:
      blows.killed += 1;
      victim.kill();
  }
}

async function finals(place) {
  const registers = await openFightRegisters(place);
  const counted = new Map();
  for await (const { key, value } of registers.list('count/')) {
    counted.set(key.slice('count/'.length), Number(new TextDecoder().decode(value).split(' ')[0]));
  }
  await registers.close();
  return counted;
}
