/** The tree of the store on one screen: files and bytes per family and tier, with bars. */
import type { StoreStats } from '@clortho/engine';
import { bar } from '../output/chart.ts';
import { formatBytes, formatCount } from '../output/format.ts';

/** One tier of a family, over all shards. */
export interface TierPicture {
  readonly family: string;
  readonly tier: 'delta' | 'current' | 'history';
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/** All tiers that have files. */
export type LevelPicture = readonly TierPicture[];

const TIERS = ['delta', 'current', 'history'] as const;
const BAR_CHARACTERS = 40;

/** Returns the picture of a store. */
export function pictureOf({ shards }: StoreStats): LevelPicture {
  const names = shards[0]?.families.map(({ family }) => family) ?? [];
  return names
    .flatMap((name) => {
      const families = shards.flatMap((shard) => shard.families.filter(({ family }) => family === name));
      return TIERS.map((tier) => ({
        family: name,
        tier,
        files: families.reduce((sum, family) => sum + family[tier].files, 0),
        rows: families.reduce((sum, family) => sum + family[tier].rows, 0),
        bytes: families.reduce((sum, family) => sum + family[tier].bytes, 0),
      }));
    })
    .filter(({ files }) => files > 0);
}

/** Returns the lines of the picture. */
export function renderPicture(title: string, picture: LevelPicture): string {
  const most = Math.max(0, ...picture.map(({ bytes }) => bytes));
  const lines = picture.map(({ family, tier, files, rows, bytes }) => {
    const place = `${family.padEnd(9)} ${tier.padEnd(8)}`;
    const counts = `${formatCount(files).padStart(7)} files ${formatCount(rows).padStart(10)} rows`;
    return `  ${place} ${counts} ${formatBytes(bytes).padStart(10)}  ${bar(bytes, most, BAR_CHARACTERS)}`;
  });
  return [title, ...lines, ''].join('\n');
}
