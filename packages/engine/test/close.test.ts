/** Closing: accepted writes are finished, nothing is left behind, the process ends by itself. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { open } from '../src/index.ts';
import { codeOf, messageOf, rowsOf, text } from './support/answers.ts';
import { hookedObjects, hookedRegisters, newBackends, newGate } from './support/backends.ts';

const quiet = { compaction: 'manual', tuning: { threads: 0 } } as const;

describe('close', () => {
  it('waits for accepted writes, the queued ones too', async () => {
    const backends = newBackends();
    const gate = newGate();
    const objects = hookedObjects(backends.objects, (call) => (call === 'put' ? gate.wait() : undefined));
    const store = await open('memory:', { ...quiet, ...backends, objects, queueBytes: 10 });
    const writes = Array.from({ length: 6 }, (_, index) => codeOf(() => store.put(`k${index}`, 'value')));
    await gate.reached;
    let isClosed = false;
    const closing = (async () => {
      await store.close();
      isClosed = true;
    })();
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    expect(await codeOf(() => store.put('late', 'v'))).toBe('CLORTHO_CLOSED');
    gate.open();
    expect(await Promise.all(writes)).toEqual(['none', 'none', 'none', 'none', 'none', 'none']);
    await closing;
    const again = await open('memory:', { ...quiet, ...backends });
    expect(await rowsOf(again.scan())).toHaveLength(6);
    await again.close();
  });

  it('leaves no sleep behind, whatever ran before', async () => {
    const clock = virtualClock();
    const store = await open('memory:', { clock, tuning: { threads: 0, deltaRuns: 1 } });
    for (let index = 0; index < 20; index += 1) {
      // It may be delayed, by a clock that nobody else moves.
      const written = store.put(`k${index}`, 'v');
      await clock.advance(20);
      await written;
    }
    await store.snapshot();
    await (await store.snapshot()).close();
    await clock.advance(5000);
    expect(clock.pending).toBeGreaterThan(0);
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('during a refresh raises nothing', async () => {
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const registers = hookedRegisters(backends.registers, (call, _, when) =>
      isStalling && call === 'read' && when === 'before' ? gate.wait() : undefined,
    );
    const clock = virtualClock();
    const store = await open('memory:', { ...quiet, ...backends, registers, clock });
    isStalling = true;
    await clock.advance(1000);
    await gate.reached;
    const closing = store.close();
    gate.open();
    await closing;
    expect(clock.pending).toBe(0);
  });

  it('gives up on a backend that hangs: it says what was not finished, and every call ends', async () => {
    const hung = new Promise<never>(() => undefined);
    const cases = [
      ['put', ['CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE']],
      [
        'swap',
        ['CLORTHO_OUTCOME_UNKNOWN', 'CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE'],
      ],
    ] as const;
    for (const [hanging, codes] of cases) {
      const backends = newBackends();
      const clock = virtualClock();
      let isHung = false;
      const objects = hookedObjects(backends.objects, (call) =>
        isHung && call === hanging ? hung : undefined,
      );
      const registers = hookedRegisters(backends.registers, (call, keys, when) =>
        isHung && call === hanging && when === 'before' && keys[0]?.endsWith('/head') ? hung : undefined,
      );
      const store = await open('memory:', {
        ...quiet,
        ...backends,
        objects,
        registers,
        clock,
        queueBytes: 10,
      });
      await store.put('before', '1');
      isHung = true;
      const writes = ['a', 'b', 'c', 'd'].map((key) => codeOf(() => store.put(key, 'value')));
      const closing = messageOf(() => store.close());
      await clock.advance(119_999);
      expect(clock.pending).toBeGreaterThan(0);
      await clock.advance(1);
      expect(await closing).toMatch(/^the store was closed .* at=memory: parts=commits batches=[1-4]$/);
      expect([hanging, await Promise.all(writes)]).toEqual([hanging, codes]);
      expect(clock.pending).toBe(0);
      expect(await codeOf(() => store.close())).toBe('CLORTHO_UNAVAILABLE');
    }
  });

  it('commits nothing that it has given up, whenever the backend answers', async () => {
    const backends = newBackends();
    const clock = virtualClock();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call) =>
      isStalling && call === 'put' ? gate.wait() : undefined,
    );
    const store = await open('memory:', { ...quiet, ...backends, objects, clock, closeMsMax: 50 });
    isStalling = true;
    const write = codeOf(() => store.put('k', 'v'));
    await gate.reached;
    const closing = codeOf(() => store.close());
    await clock.advance(50);
    expect(await Promise.all([write, closing])).toEqual(['CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE']);
    gate.open();
    await new Promise(setImmediate);
    const again = await open('memory:', { ...quiet, ...backends });
    expect(await rowsOf(again.scan())).toEqual([]);
    await again.close();
  });

  it.each([
    ['gives up on compaction that hangs', 'swap', 'parts=compaction '],
    ['does not wait for a refresh that hangs', 'read', 'none'],
  ] as const)('%s', async (_, hanging, message) => {
    const gate = newGate();
    const backends = newBackends();
    const clock = virtualClock();
    let isHung = false;
    const registers = hookedRegisters(backends.registers, (call, _keys, when) =>
      isHung && when === 'before' && call === hanging ? gate.wait() : undefined,
    );
    const options = { ...quiet, ...backends, registers, clock, closeMsMax: 1000 };
    const store = await open('memory:', options);
    for (let index = 0; index < 4; index += 1) await store.put(`k${index}`, 'v');
    isHung = true;
    const compacting = hanging === 'swap' ? codeOf(() => store.compact()) : undefined;
    await clock.advance(1000);
    await gate.reached;
    const closing = messageOf(() => store.close());
    await clock.advance(1000);
    expect(await closing).toContain(message);
    expect(clock.pending).toBe(0);
    gate.open();
    await compacting;
  });

  it('happens at the end of an `await using` block', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    await store.put('k', 'v');
    const snapshot = await store.snapshot();
    await snapshot[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    expect(await codeOf(() => store.get('k'))).toBe('CLORTHO_CLOSED');
  });

  it('lets the process end by itself, and another one find the data', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clortho-close-'));
    const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
    const script = `
      import { open } from ${JSON.stringify(entry)};
      const store = await open(${JSON.stringify(`file:${directory}`)}, { tuning: { deltaRuns: 1 }, families: { f: { merge: 'sum' } } });
      for (let index = 0; index < 12; index += 1) await store.put('k' + index, 'v' + index);
      await store.snapshot();
      await store.compact();
      await store.close();
      console.log('closed');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (output += bytes));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([output, code]).toEqual(['closed\n', 0]);
    const store = await open(`file:${directory}`, { ...quiet, create: 'never' });
    expect(text(await store.get('k11'))).toBe('v11');
    expect(await rowsOf(store.scan())).toHaveLength(12);
    await store.close();
    await rm(directory, { recursive: true });
  }, 20_000);

  it('lets the process end by itself, even with a backend that never answers', async () => {
    const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
    const directory = await mkdtemp(join(tmpdir(), 'clortho-close-'));
    const script = `
      import { memoryObjectStore } from '@clortho/object-store';
      import { open } from ${JSON.stringify(entry)};
      const inner = memoryObjectStore();
      let isHung = false;
      const objects = {
        ...inner,
        put: (...call) => (isHung ? new Promise(() => undefined) : inner.put(...call)),
      };
      const url = ${JSON.stringify(`file:${directory}`)};
      const store = await open(url, { objects, closeMsMax: 300, tuning: { deltaRuns: 1 } });
      for (let index = 0; index < 4; index += 1) await store.put('k' + index, 'v');
      isHung = true;
      const codeOf = (call) => call.then(() => 'none', ({ code }) => code);
      const calls = [store.put('k', 'v'), store.compact(), store.snapshot()].map(codeOf);
      console.log(await codeOf(store.close()), await calls[0]);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (output += bytes));
    const began = performance.now();
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([output, code]).toEqual(['CLORTHO_UNAVAILABLE CLORTHO_UNAVAILABLE\n', 0]);
    expect(performance.now() - began).toBeLessThan(20_000); // Idle workers would end after 30 s.
    await rm(directory, { recursive: true });
  }, 40_000);
});
