import { describe, expect, it } from 'vitest';
import { type ModelOperation, type ModelScan, type ReferenceModel, referenceModel } from '../src/index.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('latin1');
const append = (older: Uint8Array, newer: Uint8Array): Uint8Array => Uint8Array.from([...older, ...newer]);

const put = (key: string, value: string, family?: string): ModelOperation => ({
  type: 'put',
  key: bytes(key),
  value: bytes(value),
  family,
});
const merge = (key: string, value: string, family?: string): ModelOperation =>
  ({ ...put(key, value, family), type: 'merge' }) as ModelOperation;
const del = (key: string, family?: string): ModelOperation => ({ type: 'del', key: bytes(key), family });
const deleteRange = (start: string, end: string): ModelOperation => ({
  type: 'deleteRange',
  start: bytes(start),
  end: bytes(end),
});

const get = (model: ReferenceModel, key: string, asOf?: number, family = 'default'): string | undefined =>
  text(model.get(family, bytes(key), asOf));
const scan = (model: ReferenceModel, range: ModelScan = {}, asOf?: number): string =>
  model
    .scan('default', range, asOf)
    .map((row) => `${text(row.key)}=${text(row.value)}@${row.timestamp}`)
    .join(' ');
const history = (
  model: ReferenceModel,
  key: string,
  from?: number,
  to?: number,
  family = 'default',
): string =>
  model
    .history(family, bytes(key), from, to)
    .map((entry) => `${entry.kind === 'put' ? text(entry.value) : 'del'}@${entry.timestamp}`)
    .join(' ');
const code = (name: string): unknown => expect.objectContaining({ code: `CLORTHO_${name}` });

describe('a point-in-time read', () => {
  it('sees the version with the greatest timestamp at or below its time', () => {
    const model = referenceModel();
    model.apply(10, [put('k', 'a')]);
    model.apply(20, [put('k', 'b')]);
    model.apply(30, [del('k')]);
    expect([9, 10, 19, 20, 29, 30].map((asOf) => get(model, 'k', asOf))).toEqual([
      undefined,
      'a',
      'a',
      'b',
      'b',
      undefined,
    ]);
    expect(get(model, 'k')).toBeUndefined();
    expect(() => get(model, 'k', 31)).toThrow(code('INVALID'));
  });

  it('tells the empty value from no value', () => {
    const model = referenceModel();
    model.apply(1, [put('', '')]);
    expect(get(model, '')).toBe('');
    expect(get(model, '\0')).toBeUndefined();
  });

  it('keeps families apart', () => {
    const model = referenceModel({ families: { other: {} } });
    model.apply(1, [put('k', 'a'), put('k', 'b', 'other')]);
    model.apply(2, [del('k', 'other')]);
    expect([get(model, 'k'), get(model, 'k', 1, 'other'), get(model, 'k', 2, 'other')]).toEqual([
      'a',
      'b',
      undefined,
    ]);
    expect(() => get(model, 'k', 1, 'none')).toThrow(code('INVALID'));
  });
});

describe('a batch', () => {
  it('applies in order under one timestamp', () => {
    const model = referenceModel({ families: { default: { merge: append } } });
    model.apply(5, [put('a', '1'), put('a', '2'), put('b', '1'), del('b'), del('c'), put('c', '3')]);
    expect(scan(model)).toBe('a=2@5 c=3@5');
    model.apply(6, [put('a', 'x'), merge('a', 'y'), merge('a', 'z'), del('c'), merge('c', 'w')]);
    expect(scan(model)).toBe('a=xyz@6 c=w@6');
  });

  it('deletes with a range what came before it, its own earlier operations too, and not what comes after', () => {
    const model = referenceModel({ families: { default: { merge: append } } });
    model.apply(5, [put('a', '1'), put('b', '1'), put('c', '1')]);
    model.apply(6, [put('bb', '2'), merge('b', '2'), deleteRange('b', 'c'), merge('b', '3'), put('bc', '4')]);
    expect(scan(model)).toBe('a=1@5 b=3@6 bc=4@6 c=1@5');
    expect(history(model, 'b')).toBe('3@6 1@5');
    expect(history(model, 'bb')).toBe('');
  });

  it('is refused whole when it makes no sense', () => {
    const model = referenceModel();
    expect(() => model.apply(1, [])).toThrow(code('INVALID'));
    expect(() => model.apply(1, [put('a', '1'), merge('a', '2')])).toThrow(code('INVALID'));
    expect(() => model.apply(1, [put('a', '1'), deleteRange('b', 'a')])).toThrow(code('INVALID'));
    expect(() => model.apply(1, [put('a', '1', 'none')])).toThrow(code('INVALID'));
    expect([model.lastTimestamp, scan(model)]).toEqual([0, '']);
  });

  it('needs a timestamp above the last commit of the shards it touches, and of those only', () => {
    const model = referenceModel({ splits: [bytes('m')] });
    model.apply(10, [put('a', '1')]);
    expect(() => model.apply(10, [put('b', '1')])).toThrow(code('CONFLICT'));
    model.apply(5, [put('m', '1')]);
    model.apply(6, [deleteRange('m', 'z')]);
    expect(() => model.apply(7, [deleteRange('l', 'n')])).toThrow(code('CONFLICT'));
    expect(() => model.apply(7, [deleteRange('l', 'm')])).toThrow(code('CONFLICT'));
    model.apply(11, [deleteRange('l', 'n')]);
    expect(model.lastTimestamp).toBe(11);
  });
});

describe('a merge', () => {
  it('becomes the value of an absent key and folds onto a present one', () => {
    const model = referenceModel({ families: { default: { merge: append } } });
    model.apply(1, [merge('k', 'a')]);
    model.apply(2, [merge('k', 'b')]);
    model.apply(3, [del('k')]);
    model.apply(4, [merge('k', 'c')]);
    expect([1, 2, 3, 4].map((asOf) => get(model, 'k', asOf))).toEqual(['a', 'ab', undefined, 'c']);
    expect(history(model, 'k')).toBe('c@4 del@3 ab@2 a@1');
  });
});

describe('a scan', () => {
  const model = referenceModel();
  model.apply(
    1,
    ['', 'a', 'a\0', 'ab', 'b', '\xff', '\xff\xff'].map((key) => put(key, '.')),
  );
  const keys = (range: ModelScan): string[] =>
    model.scan('default', range).map((row) => Buffer.from(row.key).toString('latin1'));

  it('is in unsigned byte order, shorter first', () => {
    expect(keys({})).toEqual(['', 'a', 'a\0', 'ab', 'b', '\xff', '\xff\xff']);
    expect(keys({ reverse: true })).toEqual(['\xff\xff', '\xff', 'b', 'ab', 'a\0', 'a', '']);
  });

  it('takes bounds as they are named', () => {
    expect(keys({ gte: bytes('a'), lt: bytes('b') })).toEqual(['a', 'a\0', 'ab']);
    expect(keys({ gt: bytes('a'), lte: bytes('b') })).toEqual(['a\0', 'ab', 'b']);
    expect(keys({ gt: bytes('\xff') })).toEqual(['\xff\xff']);
    expect(keys({ lte: bytes('') })).toEqual(['']);
    expect(keys({ lt: bytes('') })).toEqual([]);
  });

  it('is empty between equal bounds unless both are closed, and refuses inverted or double ones', () => {
    const a = bytes('a');
    expect(keys({ gte: a, lte: a })).toEqual(['a']);
    expect(keys({ gte: a, lt: a })).toEqual([]);
    expect(keys({ gt: a, lte: a })).toEqual([]);
    expect(keys({ gt: a, lt: a })).toEqual([]);
    expect(() => keys({ gte: bytes('b'), lt: a })).toThrow(code('INVALID'));
    expect(() => keys({ gte: a, gt: a })).toThrow(code('INVALID'));
    expect(() => keys({ lte: a, lt: a })).toThrow(code('INVALID'));
  });

  it('intersects with a prefix', () => {
    expect(keys({ prefix: bytes('a') })).toEqual(['a', 'a\0', 'ab']);
    expect(keys({ prefix: bytes('a'), gt: bytes('a\0') })).toEqual(['ab']);
    expect(keys({ prefix: bytes('\xff') })).toEqual(['\xff', '\xff\xff']);
    expect(keys({ prefix: bytes('a'), gte: bytes('b') })).toEqual([]);
    expect(keys({ prefix: bytes('') })).toHaveLength(7);
  });

  it('stops at its limit in the order it runs', () => {
    expect(keys({ limit: 2 })).toEqual(['', 'a']);
    expect(keys({ limit: 2, reverse: true })).toEqual(['\xff\xff', '\xff']);
    expect(keys({ limit: 0 })).toEqual([]);
  });

  it('counts towards the limit only what it yields', () => {
    const some = referenceModel();
    some.apply(1, [put('a', '1'), put('b', '1'), put('c', '1')]);
    some.apply(2, [del('a')]);
    expect(scan(some, { limit: 1 })).toBe('b=1@1');
    expect(scan(some, { limit: 1 }, 1)).toBe('a=1@1');
  });
});

describe('a history', () => {
  const model = referenceModel();
  model.apply(10, [put('k', 'a')]);
  model.apply(20, [put('k', 'a')]);
  model.apply(30, [del('k')]);
  model.apply(40, [del('k'), deleteRange('', '\xff')]);
  model.apply(50, [put('k', 'b')]);

  it('lists versions newest first, equal values too, and no delete of an absent key', () => {
    expect(history(model, 'k')).toBe('b@50 del@30 a@20 a@10');
    expect(history(model, 'never')).toBe('');
  });

  it('includes from and excludes to', () => {
    expect(history(model, 'k', 20, 50)).toBe('del@30 a@20');
    expect(history(model, 'k', 30)).toBe('b@50 del@30');
    expect(history(model, 'k', 10, 20)).toBe('a@10');
    expect(history(model, 'k', 20, 20)).toBe('');
  });

  it('ends with the version alive at from, if one is', () => {
    expect(history(model, 'k', 21)).toBe('b@50 del@30 a@20');
    expect(history(model, 'k', 21, 22)).toBe('a@20');
    expect(history(model, 'k', 31)).toBe('b@50');
    expect(history(model, 'k', 31, 45)).toBe('');
  });
});

describe('truncation', () => {
  const truncated = (timestamp: number): ReferenceModel => {
    const model = referenceModel({ families: { events: { kind: 'log' } } });
    model.apply(10, [put('k', 'a'), put('k', 'x', 'events')]);
    model.apply(20, [del('k')]);
    model.apply(30, [put('k', 'b')]);
    model.truncate(timestamp);
    return model;
  };

  it('refuses reads below the horizon and changes none at or above it', () => {
    const model = truncated(15);
    expect(model.horizon).toBe(15);
    expect(() => get(model, 'k', 14)).toThrow(code('HISTORY_TRUNCATED'));
    expect(() => scan(model, {}, 14)).toThrow(code('HISTORY_TRUNCATED'));
    expect(() => history(model, 'k', 14)).toThrow(code('HISTORY_TRUNCATED'));
    expect([15, 20, 30].map((asOf) => get(model, 'k', asOf))).toEqual(['a', undefined, 'b']);
  });

  it('lets a history begin with the version alive at the horizon', () => {
    expect(history(truncated(15), 'k')).toBe('b@30 del@20 a@10');
    expect(history(truncated(20), 'k')).toBe('b@30');
    expect(history(truncated(30), 'k')).toBe('b@30');
  });

  it('leaves families of kind log alone', () => {
    const model = truncated(30);
    expect(get(model, 'k', 10, 'events')).toBe('x');
    expect(history(model, 'k', 0, 100, 'events')).toBe('x@10');
  });

  it('never goes back, nor into the future', () => {
    const model = truncated(20);
    model.truncate(10);
    expect(model.horizon).toBe(20);
    expect(() => model.truncate(31)).toThrow(code('INVALID'));
  });

  it('does not reach a snapshot, nor do later commits', () => {
    const model = referenceModel();
    model.apply(10, [put('k', 'a')]);
    const snapshot = model.snapshot();
    model.apply(20, [put('k', 'b'), put('l', 'b')]);
    model.truncate(20);
    expect(text(snapshot.get('default', bytes('k')))).toBe('a');
    expect(snapshot.scan('default', {}).map((row) => row.timestamp)).toEqual([10]);
  });
});

describe('a time to live', () => {
  const families = { default: { ttlMs: 1, merge: append } };

  it('hides a version from timestamp + ttl on, judged at the time of the read', () => {
    const model = referenceModel({ families });
    model.apply(1000, [put('k', 'a')]);
    model.apply(9000, [put('other', 'b')]);
    expect([1000, 1999, 2000].map((asOf) => get(model, 'k', asOf))).toEqual(['a', 'a', undefined]);
    expect(scan(model, {}, 1999)).toBe('k=a@1000');
    expect(scan(model)).toBe('other=b@9000');
  });

  it('lets an expired version hide the older ones', () => {
    const model = referenceModel({ families: { default: { ttlMs: 1 } } });
    model.apply(1000, [put('k', 'old')]);
    model.apply(1001, [put('k', 'new')]);
    model.apply(2001, [put('other', '.')]);
    expect(get(model, 'k', 2000)).toBe('new');
    expect(get(model, 'k', 2001)).toBeUndefined();
  });

  it('starts a merge from nothing once the value has expired, and renews it before', () => {
    const model = referenceModel({ families });
    model.apply(1000, [merge('k', 'a')]);
    model.apply(1999, [merge('k', 'b')]);
    model.apply(2999, [merge('k', 'c')]);
    expect([1999, 2998, 2999].map((asOf) => get(model, 'k', asOf))).toEqual(['ab', 'ab', 'c']);
  });

  it('leaves no delete in the history: neither by expiring nor by deleting what has expired', () => {
    const model = referenceModel({ families });
    model.apply(1000, [put('k', 'a')]);
    model.apply(2000, [del('k')]);
    model.apply(3000, [put('k', 'b')]);
    model.apply(3999, [del('k')]);
    expect(history(model, 'k')).toBe('del@3999 b@3000 a@1000');
    expect(history(model, 'k', 1999, 2500)).toBe('a@1000');
    expect(history(model, 'k', 2000, 2500)).toBe('');
  });

  it('is judged at the last commit of the shard with external time, and at the clock otherwise', () => {
    const external = referenceModel({ families, splits: [bytes('m')] });
    external.apply(1000, [put('k', 'a')]);
    external.apply(5000, [put('z', 'b')]);
    expect(get(external, 'k')).toBe('a');
    expect(get(external, 'k', 5000)).toBeUndefined();
    let now = 1500;
    const clocked = referenceModel({ families, now: () => now });
    clocked.apply(1000, [put('k', 'a')]);
    const snapshot = clocked.snapshot();
    expect(get(clocked, 'k')).toBe('a');
    now = 2000;
    expect(get(clocked, 'k')).toBeUndefined();
    expect(get(clocked, 'k', 1999)).toBe('a');
    expect(text(snapshot.get('default', bytes('k')))).toBe('a');
  });
});
