import { decodeUtf8, encodeUtf8 } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  builtInOperators,
  loadCollector,
  loadOperator,
  type MergeOperator,
  mergeValues,
} from '../../src/index.ts';

const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
const invalid = expect.objectContaining({ code: 'CLORTHO_INVALID' });

describe('built-in operators', () => {
  it('are associative', () => {
    const float = fc
      .integer({ min: -1000, max: 1000 })
      .map((value) => new Uint8Array(new Float64Array([value]).buffer));
    for (const [name, operator] of builtInOperators) {
      const value = name === 'sum' ? float : fc.uint8Array({ maxLength: 6 });
      fc.assert(
        fc.property(value, value, value, (a, b, c) => {
          const left = operator.merge(operator.merge(a, b), c);
          expect(operator.merge(a, operator.merge(b, c))).toEqual(left);
        }),
      );
    }
  });

  it('do what their names say', async () => {
    const merged = async (name: string, older: Uint8Array, newer: Uint8Array): Promise<Uint8Array> =>
      (await loadOperator(name)).merge(older, newer);
    const [a, b] = [encodeUtf8('a'), encodeUtf8('b')];
    expect(decodeUtf8(await merged('append', a, b))).toBe('ab');
    expect(decodeUtf8(await merged('max', b, a))).toBe('b');
    expect(decodeUtf8(await merged('min', b, a))).toBe('a');
    const number = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);
    expect(await merged('sum', number(1.5), number(2))).toEqual(number(3.5));
    await expect(merged('sum', a, number(1))).rejects.toEqual(invalid);
  });
});

describe('mergeValues', () => {
  const returning = (result: unknown): MergeOperator => ({
    name: 'odd',
    version: 1,
    merge: () => result as Uint8Array,
  });

  it('refuses what is no bytes, and says what it is', () => {
    const odd: [unknown, string][] = [
      [undefined, 'undefined'],
      [null, 'null'],
      ['text', 'string'],
      [7, 'number'],
    ];
    for (const [result, returned] of odd) {
      const merge = (): unknown => mergeValues(returning(result), Uint8Array.of(1), Uint8Array.of(2));
      expect(merge).toThrow(invalid);
      expect(merge).toThrow(`operator=odd returned=${returned}`);
    }
  });

  it('returns bytes that share no memory with the arguments', () => {
    const older = Uint8Array.of(1, 2, 3);
    const merged = mergeValues(returning(older.subarray(1)), older, Uint8Array.of(9));
    older.fill(0);
    expect(merged).toEqual(Uint8Array.of(2, 3));
  });
});

describe('references', () => {
  it('load a module that exports an operator, or its function', async () => {
    const source = `export const last = (older, newer) => newer;
      export const first = { name: 'first', version: 2, merge: (older) => older };`;
    const module = moduleOf(source);
    const last = await loadOperator({ module, export: 'last', name: 'last', version: 1 });
    expect(last).toMatchObject({ name: 'last', version: 1 });
    expect(last.merge(Uint8Array.of(1), Uint8Array.of(2))).toEqual(Uint8Array.of(2));
    const first = await loadOperator({ module, export: 'first', name: 'first', version: 2 });
    expect(first.merge(Uint8Array.of(1), Uint8Array.of(2))).toEqual(Uint8Array.of(1));
    await expect(loadOperator({ module, export: 'first', name: 'first', version: 3 })).rejects.toEqual(
      invalid,
    );
    await expect(loadOperator({ module, export: 'none', name: 'first', version: 2 })).rejects.toEqual(
      invalid,
    );
    await expect(
      loadOperator({ module: 'no-such-module', export: 'x', name: 'x', version: 1 }),
    ).rejects.toEqual(invalid);
  });

  it('pass an operator through and refuse an unknown name', async () => {
    const own: MergeOperator = { name: 'own', version: 1, merge: (older) => older };
    expect(await loadOperator(own)).toBe(own);
    await expect(loadOperator('no-such-operator')).rejects.toEqual(invalid);
  });

  it('load collectors', async () => {
    const minMax = await loadCollector({
      type: 'minMax',
      name: 'price',
      column: { type: 'float64', offset: 0 },
    });
    expect(minMax).toMatchObject({ name: 'price', version: 1 });
    const bloom = await loadCollector({
      type: 'bloom',
      name: 'user',
      column: { type: 'bytes', offset: 0, length: 4 },
    });
    expect(bloom.name).toBe('user');
    const module = moduleOf(`export default { name: 'mine', version: 1, create() {}, decode() {} };`);
    expect(await loadCollector({ module, export: 'default', name: 'mine', version: 1 })).toMatchObject({
      name: 'mine',
    });
    await expect(loadCollector({ module, export: 'default', name: 'other', version: 1 })).rejects.toEqual(
      invalid,
    );
    expect(await loadCollector(minMax)).toBe(minMax);
  });
});
