import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClorthoError } from '@clortho/base';
import { decodeSession, LeaseSession, listSessions, sessionKey } from '@clortho/lease';
import { lmdbRegisterStore, type RegisterStore } from '@clortho/registers';
import { expect, test } from 'vitest';
import { startUnnamed } from '../../src/command/unnamed-session.ts';
import { BIN, clortho, jsonOf, withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

const shell = (script: string): string[] => ['--', 'sh', '-c', script];

test(
  'a command runs under a lease, once at a time, and the command ends as it did',
  () =>
    withDirectory(async (directory) => {
      const url = `lmdb:${directory}/registers`;
      const run = (...parameters: string[]) => clortho(['lease', 'run', 'job', '--url', url, ...parameters]);
      const printed = await run(...shell('echo $CLORTHO_LEASE_RESOURCE $CLORTHO_LEASE_TOKEN'));
      expect(printed).toMatchObject({ code: 0, out: 'job 1\n', error: '' });

      const log = join(directory, 'log');
      const append = `printf 'in ' >> '${log}'; sleep 0.3; printf 'out ' >> '${log}'`;
      const both = await Promise.all([run(...shell(append)), run(...shell(append))]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      expect(await readFile(log, 'utf8')).toBe('in out in out ');

      expect(await call(['lease', 'run', 'job', '--url', url, ...shell('exit 7')])).toMatchObject({
        code: 7,
        error: '',
      });
      expect(await call(['lease', 'run', 'job', '--url', url, '--', 'no-such-program'])).toMatchObject({
        code: 3,
        error: expect.stringContaining('no-such-program'),
      });
      const listed = await call(['lease', 'list', '--url', url, '--json']);
      expect(jsonOf(listed)).toMatchObject({ resource: 'job', state: 'over', token: 5 });
      expect((await call(['lease', 'list', '--url', url])).out).toMatch(/job .* over +5\n/);
      expect((await call(['lease', 'status', 'nothing', '--url', url])).code).toBe(3);
      expect((await call(['lease', 'list', '--url', 'memory:'])).code).toBe(2);
    }),
  120_000,
);

test(
  'runs that nobody named have names of their own, and leave no more of them than ran at a time',
  () =>
    withDirectory(async (directory) => {
      const url = `lmdb:${directory}/registers`;
      const run = (resource: string, ...command: string[]) =>
        call(['lease', 'run', resource, '--url', url, ...command]);
      const namesOf = async (): Promise<string[]> => {
        const registers = await lmdbRegisterStore(`${directory}/registers`, { create: false });
        try {
          const names: string[] = [];
          for await (const { name } of listSessions(registers)) names.push(name);
          return names;
        } finally {
          await registers.close();
        }
      };
      for (let turn = 0; turn < 4; turn += 1) expect((await run('job', ...shell('exit 0'))).code).toBe(0);
      expect(await namesOf()).toEqual(['run-0']);

      const together = Array.from({ length: 6 }, (_, index) => run(`job-${index}`, ...shell('sleep 0.5')));
      const codes = (await Promise.all(together)).map(({ code }) => code);
      expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
      const names = await namesOf();
      expect([names.length <= 6, names.every((name) => name.startsWith('run-'))]).toEqual([true, true]);
      const again = Array.from({ length: 4 }, (_, index) => run(`job-${index}`, ...shell('sleep 0.3')));
      await Promise.all(again);
      expect((await namesOf()).length).toBeLessThanOrEqual(6);

      // One that is alive keeps its name, however many look for one.
      const registers = await lmdbRegisterStore(`${directory}/registers`, { create: false });
      const times = { durationMs: 1000, renewMs: 250, guardMs: 100 };
      const [first, second] = [
        await startUnnamed({ registers, ...times }),
        await startUnnamed({ registers, ...times }),
      ];
      expect(first.name).not.toBe(second.name);
      const held = await first.acquire('job');
      const [register] = await registers.read([sessionKey(first.name)]);
      expect(decodeSession(register?.value ?? Uint8Array.of(), first.name).attributes).toMatchObject({
        pid: String(process.pid),
      });
      expect((await call(['lease', 'status', 'job', '--url', url])).out).toContain(
        `pid       ${process.pid}`,
      );
      for (let turn = 0; turn < 8; turn += 1) {
        const third = await startUnnamed({ registers, ...times });
        expect([first.name, second.name]).not.toContain(third.name);
        await third.close();
      }
      expect([held.valid, first.ended, second.ended]).toEqual([true, undefined, undefined]);
      await first.close();
      await second.close();
      await registers.close();
    }),
  120_000,
);

test(
  'a run without a name takes none of an application, whatever that is called',
  () =>
    withDirectory(async (directory) => {
      const registers = await lmdbRegisterStore(directory, { create: true });
      const times = { registers, durationMs: 1000, renewMs: 250, guardMs: 100 };
      const names = ['run-importer', 'run-0', 'run-1', 'run-'];
      for (const name of names) await (await LeaseSession.start({ ...times, name })).close();
      const run = await startUnnamed(times);
      expect([names.includes(run.name), /^run-\d+$/.test(run.name)]).toEqual([false, true]);
      const lease = await run.acquire('nightly');
      // They all come back, and for longer than until the next renewal.
      const sessions = await Promise.all(names.map((name) => LeaseSession.start({ ...times, name })));
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect([lease.lost, run.ended]).toEqual([undefined, undefined]);
      for (const session of [...sessions, run]) await session.close();
      await registers.close();

      const url = `lmdb:${directory}`;
      const named = (name: string) =>
        call(['lease', 'run', 'job', '--url', url, '--name', name, ...shell('exit 7')]);
      expect(await named('run-5')).toMatchObject({
        code: 2,
        error: expect.stringContaining('CLORTHO_INVALID'),
      });
      expect((await named('run-importer')).code).toBe(7);
    }),
  120_000,
);

test(
  'the names of runs that were killed while they held nothing are free again after a run that lives for a duration',
  () =>
    withDirectory(async (directory) => {
      const url = `lmdb:${directory}`;
      const registers = await lmdbRegisterStore(directory, { create: true });
      const times = { durationMs: 1000, renewMs: 250, guardMs: 100 };
      const statesOf = async (): Promise<Map<string, string>> => {
        const states = new Map<string, string>();
        for await (const { name, settled, generation } of listSessions(registers))
          states.set(name, settled > generation ? 'over' : 'live');
        return states;
      };
      let isDead = false;
      const wire: RegisterStore = new Proxy(registers, {
        get: (target, name) =>
          isDead && name === 'compareAndSwap'
            ? () => Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', 'killed'))
            : Reflect.get(target, name, target),
      });
      const app = await LeaseSession.start({ registers, name: 'run-app', ...times });
      const alive = await startUnnamed({ registers, ...times });
      const killed: LeaseSession[] = [];
      for (let turn = 0; turn < 4; turn += 1) killed.push(await startUnnamed({ registers: wire, ...times }));
      isDead = true;

      // Short runs find none of them free, and leave one name of their own behind.
      const run = (...command: string[]) =>
        call(['lease', 'run', 'job', '--url', url, '--duration', '1000', ...shell(command.join('; '))]);
      for (let turn = 0; turn < 2; turn += 1) expect((await run('exit 0')).code).toBe(0);
      expect([...(await statesOf()).values()].filter((state) => state === 'live')).toHaveLength(6);
      expect(await run('sleep 2', 'exit 7')).toMatchObject({ code: 7, error: '' });
      const states = await statesOf();
      expect(killed.map(({ name }) => states.get(name))).toEqual(['over', 'over', 'over', 'over']);
      // Those that are alive have lost nothing.
      expect([states.get(alive.name), states.get('run-app'), alive.valid]).toEqual(['live', 'live', true]);
      for (let turn = 0; turn < 4; turn += 1) expect((await run('exit 0')).code).toBe(0);
      expect((await statesOf()).size).toBe(7);
      for (const session of [app, alive, ...killed]) await session.close();
      await registers.close();
    }),
  120_000,
);

test(
  'a command is killed when its lease is lost, and the wait for one that is held ends in time',
  () =>
    withDirectory(async (directory) => {
      const url = `lmdb:${directory}`;
      const registers = await lmdbRegisterStore(directory, { create: true });
      const session = await LeaseSession.start({
        registers,
        name: 'other',
        durationMs: 1000,
        renewMs: 250,
        guardMs: 100,
      });
      const lease = await session.acquire('job');
      const waited = await call(['lease', 'run', 'job', '--url', url, '--wait', '200', ...shell('exit 9')]);
      expect(waited).toMatchObject({ code: 1, error: expect.stringContaining('CLORTHO_UNAVAILABLE') });
      expect(jsonOf(await call(['lease', 'status', 'job', '--url', url, '--watch', '--json']))).toMatchObject(
        {
          owner: { name: 'other' },
          state: 'live',
          alive: true,
        },
      );
      await lease.release();

      // It does not listen to SIGTERM; another session of its name makes it lose the lease.
      const stubborn = shell('trap "" TERM; echo begun; while true; do sleep 0.1; done');
      const parameters = [
        'lease',
        'run',
        'job',
        '--url',
        url,
        '--name',
        'mine',
        '--duration',
        '2000',
        ...stubborn,
      ];
      const child = spawn(process.execPath, [BIN, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
      const errors: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const usurper = await LeaseSession.start({ registers, name: 'mine' });
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
      expect(Buffer.concat(errors).toString()).toMatch(/reason=replaced \(CLORTHO_FENCED\)\n$/);
      await usurper.close();
      await session.close();
      await registers.close();
    }),
  120_000,
);

test(
  'a command whose lease was lost while clortho was stopped is killed without a word',
  () =>
    withDirectory(async (directory) => {
      const stubborn = shell('trap "echo asked" TERM; echo begun; while true; do sleep 0.05; done');
      const parameters = [
        'lease',
        'run',
        'job',
        '--url',
        `lmdb:${directory}`,
        '--duration',
        '2000',
        ...stubborn,
      ];
      const child = spawn(process.execPath, [BIN, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
      const out: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 2500));
      child.kill('SIGCONT');
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
      expect(Buffer.concat(out).toString()).toBe('begun\n');
    }),
  120_000,
);
