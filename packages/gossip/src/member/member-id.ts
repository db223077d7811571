/**
 * Short fixed-size names: 48 bits of a hash for members, 64 for clusters.
 *
 * Packets and digests name members by these ids; a name travels only where a member is introduced. Two names with one id
 * (once in about 3 million clusters of 10,000 members) cannot be told apart: the one known first stays.
 *
 * Invariants:
 * - The values travel in packets: they never change.
 */
import { createHash } from 'node:crypto';

/** The bytes of a member id. */
export const MEMBER_ID_BYTES = 6;
/** The bytes of a cluster tag. */
export const CLUSTER_TAG_BYTES = 8;

/** Returns the id of a member: the first 48 bits of the SHA-256 of its name, an integer. */
export function memberId(name: string): number {
  return createHash('sha256').update(name, 'utf8').digest().readUIntBE(0, MEMBER_ID_BYTES);
}

/** Returns the tag of a cluster: the first 64 bits of the SHA-256 of its name. The caller owns the bytes. */
export function clusterTag(cluster: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(cluster, 'utf8').digest().subarray(0, CLUSTER_TAG_BYTES));
}
