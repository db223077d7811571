/** Where to find members: a list, a function, or whatever knows the addresses of running processes. */
import { ClorthoError } from '@clortho/base';
import { isAddress } from './item/limits.ts';

/** Knows addresses, such as those in the sessions of a lease service. */
export interface SeedSource {
  /** Returns the addresses of processes that probably run. */
  addresses(signal?: AbortSignal): Promise<readonly string[]>;
}

/** A list of addresses, a function that returns one, or a {@link SeedSource}. */
export type Seeds = readonly string[] | ((signal?: AbortSignal) => Promise<readonly string[]>) | SeedSource;

/** The most seeds that are tried. */
const SEEDS_MAX = 25;

/** Tells whether `seeds` are such; what a function or a source returns is seen later. */
export function isSeeds(seeds: unknown): seeds is Seeds {
  if (Array.isArray(seeds)) return seeds.every(isAddress);
  if (typeof seeds === 'function') return true;
  return typeof seeds === 'object' && seeds !== null && 'addresses' in seeds;
}

/** Returns up to 25 of the addresses at random, without `own` and what is no address.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if there are some, and none is an address: that is no reason to begin a cluster.
 */
export async function findSeeds(
  seeds: Seeds,
  own: string,
  shuffled: (addresses: readonly string[]) => string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const all = await listOf(seeds, signal);
  if (all.length > 0 && !all.some(isAddress))
    throw new ClorthoError('CLORTHO_INVALID', `seeds are host:port: seed=${all[0]}`);
  return shuffled([...new Set(all)].filter((address) => address !== own && isAddress(address))).slice(
    0,
    SEEDS_MAX,
  );
}

function listOf(seeds: Seeds, signal: AbortSignal | undefined): Promise<readonly string[]> {
  if (typeof seeds === 'function') return seeds(signal);
  if ('addresses' in seeds) return seeds.addresses(signal);
  return Promise.resolve(seeds);
}
