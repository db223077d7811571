/** Figures of one member since it joined. */

/** What is counted. */
export interface Counters {
  /** Probes begun, and those that ended without an answer. */
  probes: number;
  probesFailed: number;
  /** Members that this one accused, and accusations of it that it answered. */
  accusations: number;
  refutations: number;
  /** Members that this one declared dead. */
  deathsDeclared: number;
  /** Items taken over. */
  itemsApplied: number;
  /** Items refused: generation or incarnation beyond what can be, an id of two names. */
  itemsAbsurd: number;
  /** Facts about strangers that were not taken in, because as many members as may be are known. */
  membersRefused: number;
  /** Rumours that the full queue dropped. */
  rumoursDropped: number;
  /** Exchanges of digests begun, and answered "equal". */
  syncs: number;
  syncsSame: number;
  /** Messages not sent because the bandwidth was used up. */
  overBudget: number;
  /** Times that this process was found to have stood still. */
  pauses: number;
}

/** Returns counters at zero. */
export function zeroCounters(): Counters {
  return {
    probes: 0,
    probesFailed: 0,
    accusations: 0,
    refutations: 0,
    deathsDeclared: 0,
    itemsApplied: 0,
    itemsAbsurd: 0,
    membersRefused: 0,
    rumoursDropped: 0,
    syncs: 0,
    syncsSame: 0,
    overBudget: 0,
    pauses: 0,
  };
}
