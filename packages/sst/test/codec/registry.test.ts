import { describe, expect, it } from 'vitest';
import { codecById, codecByName, codecNames } from '../../src/codec/registry.ts';

describe('the codecs', () => {
  it('have the ids that the format fixes', () => {
    const ids = { none: 0, lz4: 1, deflate: 2, zstd: 3 };
    for (const name of codecNames) {
      expect(codecByName(name).id).toBe(ids[name]);
      expect(codecById(ids[name])).toBe(codecByName(name));
    }
    expect(codecNames).toEqual(expect.arrayContaining(['none', 'lz4', 'deflate']));
    expect(codecById(9)).toBeUndefined();
  });

  it.each([...codecNames])('%s refuses a size that is not the one it finds', (name) => {
    const codec = codecByName(name);
    const raw = new TextEncoder().encode('something that repeats, that repeats, that repeats');
    const stored = codec.compress(raw).slice();
    expect(Buffer.from(codec.decompress(stored, raw.length))).toEqual(Buffer.from(raw));
    expect(() => codec.decompress(stored, raw.length - 1)).toThrow();
    expect(() => codec.decompress(stored, raw.length + 1)).toThrow();
  });

  it('that do not exist are refused', () => {
    expect(() => codecByName('brotli' as never)).toThrow(
      expect.objectContaining({ code: 'CLORTHO_UNSUPPORTED' }),
    );
  });
});
