/** The knobs of the protocol. The defaults are for a data centre, up to tens of thousands of members. */

/** Times in milliseconds unless the name says otherwise. */
export interface Tuning {
  /** The least time between two rounds of rumours; nothing is sent when there are none. */
  readonly gossipMs: number;
  /** To how many members a rumour goes in a round. */
  readonly fanout: number;
  /** The time between two probes. */
  readonly probeMs: number;
  /** How long an answer is waited for before others are asked; less than `probeMs`. */
  readonly probeTimeoutMs: number;
  /** How many others are asked first; two thirds as many once more if they bring no answer. */
  readonly relays: number;
  /** The least time that a suspect has to object, times max(1, log10 of the number of members). */
  readonly suspicionMs: number;
  /** How many times as long it has while nobody else suspects it. */
  readonly suspicionFactor: number;
  /** How many others must suspect as well for the least time to hold. */
  readonly confirmations: number;
  /** The time between two exchanges of digests. */
  readonly syncMs: number;
  /** How long to wait for the answer to a digest before another member is asked. */
  readonly syncTimeoutMs: number;
  /** How many members are asked for an exchange at most. */
  readonly syncAttempts: number;
  /** The time between two attempts to reach members that are thought dead, and seeds. */
  readonly healMs: number;
  /** How long dead and left members and their keys are kept. */
  readonly retentionMs: number;
  /** How long it is remembered that they are gone. */
  readonly graveMs: number;
  /** How long a deleted key leaves a tombstone. */
  readonly tombstoneMs: number;
  /** The least time between two publications of lazy keys, also at least the number of members / 200 seconds. */
  readonly lazyMs: number;
  /** How many members are known at most, dead and left ones too; who comes when there are as many is not taken in. */
  readonly membersMax: number;
  /** The largest datagram sent. */
  readonly datagramBytes: number;
  /** The most bytes sent in datagrams in a second. */
  readonly bytesPerSecond: number;
}

/** The defaults. */
export const TUNING: Tuning = {
  gossipMs: 100,
  fanout: 3,
  probeMs: 400,
  probeTimeoutMs: 150,
  relays: 3,
  suspicionMs: 2_000,
  suspicionFactor: 6,
  confirmations: 2,
  syncMs: 2_000,
  syncTimeoutMs: 250,
  syncAttempts: 4,
  healMs: 10_000,
  retentionMs: 900_000,
  graveMs: 86_400_000,
  tombstoneMs: 900_000,
  lazyMs: 5_000,
  membersMax: 65_536,
  datagramBytes: 1_200,
  bytesPerSecond: 36_000,
};
