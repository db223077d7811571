/** Sources over bytes in memory, and a cache that never forgets. */
import type { Block } from '../../src/block/block.ts';
import type { BlockCache } from '../../src/reader/block-cache.ts';
import type { SstSource } from '../../src/reader/source.ts';

export interface CountingSource extends SstSource {
  readonly reads: { readonly offset: number; readonly length: number }[];
}

export function sourceOf(bytes: Uint8Array): CountingSource {
  const reads: { offset: number; length: number }[] = [];
  return {
    reads,
    async read(offset, length) {
      reads.push({ offset, length });
      return bytes.slice(offset, offset + length);
    },
  };
}

export function mapCache(): BlockCache & { readonly blocks: Map<number, Block> } {
  const blocks = new Map<number, Block>();
  return {
    blocks,
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
}
