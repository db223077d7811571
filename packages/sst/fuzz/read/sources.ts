/** Sources over bytes in memory, honest ones and others, and a cache that never forgets. */
import { concatBytes } from '@clortho/base';
import type { Block } from '../../src/block/block.ts';
import type { BlockCache, SstSource } from '../../src/index.ts';
import type { Draw } from '../draw.ts';

/** Returns a source that gives what there is. */
export function honestSource(bytes: Uint8Array): SstSource {
  return { read: async (offset, length) => bytes.slice(offset, offset + length) };
}

/** Returns a source of which every third read gives other bytes than those asked for. */
export function lyingSource(draw: Draw, bytes: Uint8Array): SstSource {
  return {
    async read(offset, length) {
      const honest = bytes.slice(offset, offset + length);
      if (!draw.oneIn(3)) return honest;
      const shift = draw.between(1, 9);
      switch (draw.below(6)) {
        case 0:
          return honest.subarray(0, draw.below(length));
        case 1:
          return concatBytes([honest, draw.bytes(shift)]);
        case 2:
          return bytes.slice(offset + shift, offset + shift + length);
        case 3:
          return bytes.slice(Math.max(0, offset - shift), Math.max(0, offset - shift) + length);
        case 4:
          return honest.fill(0, draw.below(length));
        default:
          if (length > 0) honest[draw.below(length)] = draw.uint32();
          return honest;
      }
    },
  };
}

/** Returns a cache for one file. */
export function mapCache(): { readonly cache: BlockCache; readonly file: number } {
  const blocks = new Map<number, Block>();
  const cache: BlockCache = {
    get: (key) => blocks.get(key),
    set: (key, block) => {
      blocks.set(key, block);
    },
    async load(key, load) {
      const block = await load();
      blocks.set(key, block);
      return block;
    },
  };
  return { cache, file: 3 };
}
