/**
 * An object store with faults: every call goes over a wire on which it fails, is delayed, lost or repeated.
 *
 * Invariants:
 * - What is reported as done is done. A conditional put whose reply is lost is `CLORTHO_OUTCOME_UNKNOWN`; any other
 *   failed write is `CLORTHO_UNAVAILABLE` and may have taken effect, or may yet.
 * - A stale read shows, key by key, a state that was current `staleMs` ago: a blob not yet there, or still there.
 */
import { ClorthoError, compareBytes, encodeUtf8 } from '@clortho/base';
import { carryListing, collect } from './carry-listing.ts';
import { type FaultPlan, plansStaleReads } from './fault-plan.ts';
import type { ObjectsUnderTest, ObjectUnderTest } from './objects-under-test.ts';
import { type PastStates, pastOf, recordPast } from './past-states.ts';
import { wire } from './wire.ts';
import { READ_CALL } from './wire-call.ts';

/**
 * Returns `inner` behind a faulty wire. Any number of wrappers may share one `inner`, like processes one bucket;
 * closing a wrapper leaves it open.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the plan makes no sense.
 */
export function faultyObjectStore<Counters>(
  inner: ObjectsUnderTest<Counters>,
  plan: FaultPlan,
): ObjectsUnderTest<Counters> {
  const { name, counters } = inner;
  const line = wire(plan, name);
  if (plansStaleReads(plan)) recordPast<Uint8Array>(inner);

  /** Performs a write, and records it if someone reads the past. */
  const write = async (
    keys: readonly string[],
    value: Uint8Array | undefined,
    perform: () => Promise<void>,
  ): Promise<void> => {
    const past: Past | undefined = pastOf(inner);
    if (past === undefined) return perform();
    for (const key of keys) if (!past.has(key)) past.begin(key, await contentOf(inner, key));
    await perform();
    for (const key of keys) past.change(key, plan.clock.monotonic(), value);
  };

  return {
    name,
    counters,
    put(key, bytes, options) {
      const copy = new Uint8Array(bytes);
      const ifAbsent = options?.ifAbsent === true;
      return line.carry({
        call: 'put',
        keys: [key],
        effect: () => write([key], copy, () => inner.put(key, copy, { ifAbsent })),
        writes: true,
        lost: ifAbsent ? 'CLORTHO_OUTCOME_UNKNOWN' : 'CLORTHO_UNAVAILABLE',
        aborted: 'CLORTHO_ABORTED',
        subjectText: () => `${key}${ifAbsent ? ' ifAbsent' : ''}`,
        resultText: () => 'stored',
        signal: options?.signal,
      });
    },
    get(key, options) {
      const { offset, length, signal } = options ?? {};
      return line.carry({
        ...READ_CALL,
        call: 'get',
        keys: [key],
        effect: () => inner.get(key, { offset, length }),
        staleEffect: (atMs) => getPast(inner, key, atMs, offset, length),
        subjectText: () => key,
        resultText: (bytes) => `${bytes.length} bytes`,
        signal,
      });
    },
    head(key, options) {
      return line.carry({
        ...READ_CALL,
        call: 'head',
        keys: [key],
        effect: () => inner.head(key),
        staleEffect: (atMs) => headPast(inner, key, atMs),
        subjectText: () => key,
        resultText: (entry) => (entry === undefined ? 'absent' : `${entry.bytes} bytes`),
        signal: options?.signal,
      });
    },
    delete(keys, options) {
      const unwanted = [...keys];
      return line.carry({
        call: 'delete',
        keys: unwanted,
        effect: () => write(unwanted, undefined, () => inner.delete(unwanted)),
        writes: true,
        lost: 'CLORTHO_UNAVAILABLE',
        aborted: 'CLORTHO_ABORTED',
        subjectText: () => unwanted.join(),
        resultText: () => 'deleted',
        signal: options?.signal,
      });
    },
    list(prefix, options) {
      const { after, signal } = options ?? {};
      return carryListing(line, {
        prefix,
        effect: () => collect(inner.list(prefix, { after })),
        staleEffect: (atMs) => listPast(inner, prefix, after, atMs),
        signal,
      });
    },
    close: line.close,
  };
}

type Past = PastStates<Uint8Array>;

async function contentOf(inner: ObjectsUnderTest, key: string): Promise<Uint8Array | undefined> {
  return (await inner.head(key)) && inner.get(key);
}

async function getPast(
  inner: ObjectsUnderTest,
  key: string,
  atMs: number,
  offset = 0,
  length = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const past: Past | undefined = pastOf(inner);
  if (!past?.has(key))
    return inner.get(key, { offset, length: Number.isFinite(length) ? length : undefined });
  const bytes = past.at(key, atMs);
  if (bytes === undefined) throw new ClorthoError('CLORTHO_NOT_FOUND', `no such blob: key=${key}`);
  if (offset > bytes.length) {
    const facts = `key=${key} offset=${offset} size=${bytes.length}`;
    throw new ClorthoError('CLORTHO_INVALID', `offset lies beyond the end: ${facts}`);
  }
  return bytes.slice(offset, offset + length);
}

async function headPast(
  inner: ObjectsUnderTest,
  key: string,
  atMs: number,
): Promise<ObjectUnderTest | undefined> {
  const past: Past | undefined = pastOf(inner);
  if (!past?.has(key)) return inner.head(key);
  const bytes = past.at(key, atMs);
  return bytes && { key, bytes: bytes.length };
}

async function listPast(
  inner: ObjectsUnderTest,
  prefix: string,
  after: string | undefined,
  atMs: number,
): Promise<readonly ObjectUnderTest[]> {
  const current = await collect(inner.list(prefix, { after }));
  const past: Past | undefined = pastOf(inner);
  if (past === undefined) return current;
  const entries = current.filter(({ key }) => !past.has(key));
  for (const key of past.keys()) {
    const bytes = past.at(key, atMs);
    if (bytes === undefined || !key.startsWith(prefix)) continue;
    if (after === undefined || compareKeys(key, after) > 0) entries.push({ key, bytes: bytes.length });
  }
  return entries.sort((left, right) => compareKeys(left.key, right.key));
}

/** Compares by UTF-8 bytes, the order of listings. */
function compareKeys(left: string, right: string): number {
  return compareBytes(encodeUtf8(left), encodeUtf8(right));
}
