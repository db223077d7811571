/** The public names of `@clortho/block-cache`. */
export { type BlockCache, type BlockCacheOptions, type BlockCacheStats, blockCache } from './block-cache.ts';
