/** Objects whose bytes follow from their names, and a cache of few pages over files in memory. */
import type { Clock } from '@clortho/base';
import { expect } from 'vitest';
import {
  type CachedObject,
  type DiskCache,
  type DiskCacheEvent,
  type DiskCacheOptions,
  openDiskCache,
} from '../../src/index.ts';
import { type Call, MemoryFiles } from './memory-files.ts';

/** The smallest page. */
export const PAGE = 16 * 1024;

/** The budget of a cache of so many pages. */
export const budgetOf = (pages: number): number => 2 * 4096 + pages * (4096 + PAGE + 4);

/** Returns `[offset, offset + length)` of the object of this name: no two places look alike for long. */
export function bytesOf({ name }: { readonly name: string }, offset: number, length: number): Uint8Array {
  let seed = 0;
  for (const char of name) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) >>> 0;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    const at = offset + index;
    bytes[index] = Math.imul((at >>> 3) + seed, 0x9e3779b1) >>> (8 + (at & 7));
  }
  return bytes;
}

/** Returns an object of so many bytes. */
export const objectOf = (name: string, bytes: number): CachedObject => ({ name, bytes });

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  ms = 0;
  now(): number {
    return this.ms * 1000;
  }
  monotonic(): number {
    return this.ms;
  }
  sleep(): Promise<void> {
    throw new Error('nothing sleeps here');
  }
}

/** An open cache and what it stands on. */
export interface Opened {
  readonly cache: DiskCache;
  readonly files: MemoryFiles;
  readonly clock: ManualClock;
  readonly events: DiskCacheEvent[];
  readonly kinds: () => string[];
}

/** Opens a cache over `files`. */
export async function opened(
  pages: number,
  options: Partial<DiskCacheOptions> = {},
  files = new MemoryFiles(),
): Promise<Opened> {
  const clock = new ManualClock();
  const events: DiskCacheEvent[] = [];
  const cache = await openDiskCache({
    directory: '/cache',
    bytesMax: budgetOf(pages),
    pageBytes: PAGE,
    files,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { cache, files, clock, events, kinds: () => events.map(({ kind }) => kind) };
}

/** Returns a fetch of the object and the ranges that it was asked for. */
export function fetchOf(object: CachedObject): {
  readonly fetch: (offset: number, length: number) => Promise<Uint8Array>;
  readonly asked: [number, number][];
} {
  const asked: [number, number][] = [];
  return {
    asked,
    fetch: async (offset, length) => {
      asked.push([offset, length]);
      await Promise.resolve();
      return bytesOf(object, offset, length);
    },
  };
}

/** Holds back calls of one kind until it is opened. */
export function gateAt(
  call: Call,
  files: MemoryFiles,
): { readonly reached: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  let reach = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  files.gate = (each) => {
    if (each !== call) return Promise.resolve();
    reach();
    return opened;
  };
  return { reached, open };
}

/** Compares bytes without the cost, and the output, of comparing them as values one by one. */
export function expectBytes(found: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(found === undefined ? 'nothing' : firstDifference(found, wanted)).toBeUndefined();
}

function firstDifference(left: Uint8Array, right: Uint8Array): number | undefined {
  if (Buffer.compare(left, right) === 0) return undefined;
  return left.findIndex((byte, index) => byte !== right[index]);
}
