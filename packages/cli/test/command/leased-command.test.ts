import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaseSession } from '@clortho/lease';
import { memoryRegisterStore } from '@clortho/registers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { graceLeftMs, LeasedProcess } from '../../src/command/leased-command.ts';
import type { Terminal } from '../../src/index.ts';
import { withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

const GRACE_MS = 300;

/** Starts a command under a lease, and returns both with what was said on the terminal. */
async function start(script: string) {
  const session = await LeaseSession.start({ registers: memoryRegisterStore(), name: 'a' });
  const lease = await session.acquire('job');
  const said: string[] = [];
  const terminal = { error: (text: string) => said.push(text) } as unknown as Terminal;
  const command = { program: ['sh', '-c', script], lease, graceMs: GRACE_MS, lateMs: () => 0 };
  const running = new LeasedProcess({ terminal, environment: process.env }, command);
  return { session, lease, said, running };
}

const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a command under a lease', () => {
  const { isTTY } = process.stdin;
  afterEach(() => {
    process.stdin.isTTY = isTTY;
    vi.restoreAllMocks();
  });

  it('keeps its lease until it has ended, also where it cannot be sent a signal', async () => {
    const { session, lease, said, running } = await start('sleep 0.4; exit 5');
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('refused'), { code: 'EPERM' });
    });
    const began = performance.now();
    const ending = running.end();
    running.forward('SIGTERM');
    await expect(ending).rejects.toMatchObject({ code: 5 });
    expect(performance.now() - began).toBeGreaterThan(300);
    expect([lease.valid, said]).toEqual([true, [expect.stringContaining('error=EPERM lease=held')]]);
    await session.close();
  });

  it('is ended with all that it started when its lease is lost', () =>
    withDirectory(async (directory) => {
      const log = join(directory, 'log');
      const script = `(trap "" TERM; sleep 0.2; sleep 0.8; echo late > '${log}') & wait`;
      const { session, lease, running } = await start(script);
      const ending = running.end();
      await pauseMs(100);
      await lease.release();
      await expect(ending).rejects.toMatchObject({ code: 'CLORTHO_CLOSED' });
      await pauseMs(1300);
      await expect(readFile(log)).rejects.toMatchObject({ code: 'ENOENT' });
      await session.close();
    }));

  it('gets an interrupt of its terminal once', async () => {
    process.stdin.isTTY = true;
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => true);
    const { session, running } = await start('sleep 0.1');
    running.forward('SIGINT');
    expect(kill).not.toHaveBeenCalled();
    running.forward('SIGTERM');
    expect(kill).toHaveBeenCalledWith(expect.any(Number), 'SIGTERM');
    expect(kill.mock.calls[0]?.[0]).toBeGreaterThan(0);
    await running.end();
    await session.close();
  });

  it('has no moment in which nobody hears signals', () =>
    withDirectory(async (directory) => {
      const log = join(directory, 'log');
      const before = process.listenerCount('SIGTERM');
      const logs: Promise<string>[] = [];
      const off = process.off.bind(process);
      vi.spyOn(process, 'off').mockImplementation(((event: string, listener: () => void) => {
        if (event === 'SIGTERM') logs.push(readFile(log, 'utf8').catch(() => 'it has not ended'));
        return off(event, listener);
      }) as typeof process.off);
      const script = `sleep 0.2; echo ended > '${log}'`;
      await call(['lease', 'run', 'job', '--url', `lmdb:${directory}/registers`, '--', 'sh', '-c', script]);
      expect([await Promise.all(logs), process.listenerCount('SIGTERM')]).toEqual([['ended\n'], before]);
    }));
});

it('a loss that is noticed when others may have the lease leaves no time', () => {
  expect([
    graceLeftMs('replaced', 100, -500),
    graceLeftMs('failed', 100, -500),
    graceLeftMs('expired', 100, 1),
    graceLeftMs('expired', 100, 5000) <= 0,
    graceLeftMs('suspended', 100, 0),
    graceLeftMs('fenced', 100, -500),
  ]).toEqual([100, 100, 99, true, 0, 0]);
});
