/** The public names of `@clortho/block-cache`. */
export { type BlockCache, type BlockCacheOptions, type BlockCacheStats, blockCache } from './block-cache.ts';
export type { DiskCacheEvent } from './disk/disk-access.ts';
export { type DiskCache, type DiskCacheStats, openDiskCache, type WarmOptions } from './disk/disk-cache.ts';
export type { CacheFile, CacheFileSystem } from './disk/file-system.ts';
export type { DiskCacheOptions } from './disk/open-pages.ts';
export type { CachedObject } from './disk/page-key.ts';
export type { FetchRange } from './disk/page-loader.ts';
export { RowCache, type RowCacheOptions, type RowCacheStats } from './row-cache.ts';
