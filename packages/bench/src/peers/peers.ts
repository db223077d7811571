/** The stores that are compared, Clortho first. */
import type { CloudStore } from './cloud/modelled-cloud.ts';
import type { Driver, Opening } from './driver.ts';
import { loadPeer, whyNotLoaded } from './load-peer.ts';

/** The subject of the bars. */
export const CLORTHO = 'clortho';

/** Opens a store. */
export type Open = (opening: Opening) => Promise<Driver>;

/** A store that can be measured. */
export interface Peer {
  /** As in the table and in `--peers`. */
  readonly name: string;
  /** Its package; Clortho is in the workspace. */
  readonly module?: string;
  /** Whether it keeps anything on disk. */
  readonly persistent: boolean;
  /** Whether it can be read as of a moment. */
  readonly hasPast?: boolean;
  /** Whether it is no store for use but a part of one, which says what the whole can reach: only where it is asked for. */
  readonly isKernel?: boolean;
  /** Imports its driver, and nobody else's: a process has one store in its memory. */
  driver(): Promise<Open>;
  /** Imports what makes an empty one in the modelled cloud, if it can live there; it is given an empty folder. */
  cloud?(): Promise<(folder: string) => Promise<CloudStore>>;
}

/** All of them. */
export const PEERS: readonly Peer[] = [
  {
    name: CLORTHO,
    persistent: true,
    hasPast: true,
    driver: async () => (await import('./drivers/clortho.ts')).openClortho,
    cloud: async () => (await import('./cloud/clortho-cloud.ts')).clorthoInCloud,
  },
  {
    name: 'classic-level',
    module: 'classic-level',
    persistent: true,
    driver: async () => (await import('./drivers/classic-level.ts')).openClassicLevel,
  },
  {
    name: 'rocksdb-native',
    module: 'rocksdb-native',
    persistent: true,
    driver: async () => (await import('./drivers/rocksdb-native.ts')).openRocksdbNative,
  },
  {
    name: 'nxt-rocksdb',
    module: '@nxtedition/rocksdb',
    persistent: true,
    driver: async () => (await import('./drivers/nxt-rocksdb.ts')).openNxtRocksdb,
  },
  {
    name: 'lmdb',
    module: 'lmdb',
    persistent: true,
    driver: async () => (await import('./drivers/lmdb.ts')).openLmdb,
  },
  {
    name: 'better-sqlite3',
    module: 'better-sqlite3',
    persistent: true,
    driver: async () => (await import('./drivers/better-sqlite3.ts')).openBetterSqlite3,
  },
  {
    name: 'slatedb',
    module: '@slatedb/uniffi',
    persistent: true,
    driver: async () => (await import('./drivers/slatedb.ts')).openSlatedb,
    cloud: async () => (await import('./cloud/slatedb-cloud.ts')).slatedbInCloud,
  },
  {
    name: 'memory-level',
    module: 'memory-level',
    persistent: false,
    driver: async () => (await import('./drivers/memory-level.ts')).openMemoryLevel,
  },
  {
    name: 'unmerged',
    isKernel: true,
    persistent: true,
    driver: async () => (await import('./drivers/clortho.ts')).openUnmerged,
  },
];

/** Returns the peer of that name. */
export function peerNamed(name: string): Peer {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`no such peer: ${name}`);
  return peer;
}

/** A peer that is left out, and why. */
export interface Skipped {
  readonly peer: string;
  readonly why: string;
}

/** Returns which peers can be measured; Clortho always is. */
export async function presentPeers(
  names: readonly string[] | undefined,
  whyNot: (module: string) => Promise<string | undefined> = whyNotLoaded,
): Promise<{ readonly peers: readonly Peer[]; readonly skipped: readonly Skipped[] }> {
  for (const name of names ?? []) peerNamed(name);
  const peers: Peer[] = [];
  const skipped: Skipped[] = [];
  for (const peer of PEERS) {
    const isAsked = names?.includes(peer.name);
    if (peer.isKernel && !isAsked) continue;
    const isWanted = peer.module === undefined || (isAsked ?? true);
    const why = !isWanted ? 'not asked for' : peer.module && (await whyNot(peer.module));
    if (why) skipped.push({ peer: peer.name, why });
    else peers.push(peer);
  }
  return { peers, skipped };
}

/** Imports all that a peer needs, so that opening it imports nothing any more. */
export async function importPeer(peer: Peer): Promise<Open> {
  if (peer.module !== undefined) await loadPeer(peer.module);
  return peer.driver();
}
