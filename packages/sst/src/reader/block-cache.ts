/** The cache that a reader shares with others; `@clortho/block-cache` is one. */
import type { Block } from '../block/block.ts';

/** Decoded blocks by number: `file * BLOCKS_MAX + ordinal`. May forget at any time. */
export interface BlockCache {
  /** Returns a block that is there, at once. */
  get(key: number): Block | undefined;
  /** Returns a block that is there, or loads it; concurrent calls for one key may share a load. */
  load(key: number, load: () => Promise<Block>): Promise<Block>;
  /** Offers a block. */
  set(key: number, block: Block): void;
}
