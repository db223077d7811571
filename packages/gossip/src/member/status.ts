/**
 * What a member is, as far as one knows: numbers that order by how much they weigh against each other.
 *
 * Invariants:
 * - The numbers travel in packets and enter digests: they never change.
 */

/** Answers, or is believed to. */
export const ALIVE = 0;
/** Did not answer somebody; has a while to object. */
export const SUSPECT = 1;
/** Did not object in time. */
export const DEAD = 2;
/** Said good-bye. */
export const LEFT = 3;

/** One of {@link ALIVE}, {@link SUSPECT}, {@link DEAD} and {@link LEFT}. */
export type Status = 0 | 1 | 2 | 3;

/** The name of a {@link Status}. */
export type StatusName = 'alive' | 'suspect' | 'dead' | 'left';

/** Names by number. */
export const STATUS_NAMES: readonly StatusName[] = ['alive', 'suspect', 'dead', 'left'];
