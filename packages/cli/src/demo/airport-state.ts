/**
 * The running state of an airport, and the merge operator that adds flights to it.
 *
 *     0  uint32  departures
 *     4  int32   total delay in minutes
 *     8  int16   worst delay in minutes
 *
 * Compaction loads this module in its worker threads, so it imports nothing but types and what it needs to run.
 */
import type { MergeOperator } from '@clortho/compaction';

const STATE_BYTES = 10;

/** What is known of the departures of an airport. */
export interface AirportState {
  readonly departures: number;
  /** The sum of the delays of these flights, in minutes. */
  readonly totalDelay: number;
  /** The greatest delay of one of them, in minutes. */
  readonly worstDelay: number;
}

/** Returns the 10 bytes of a state. */
export function encodeAirportState({ departures, totalDelay, worstDelay }: AirportState): Uint8Array {
  const bytes = new Uint8Array(STATE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, departures, true);
  view.setInt32(4, totalDelay, true);
  view.setInt16(8, worstDelay, true);
  return bytes;
}

/** Decodes a state. */
export function decodeAirportState(bytes: Uint8Array): AirportState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    departures: view.getUint32(0, true),
    totalDelay: view.getInt32(4, true),
    worstDelay: view.getInt16(8, true),
  };
}

/** Adds the flights of two states: sums, and the worse of the worst delays. Associative, as merging asks for. */
export const airportOperator: MergeOperator = {
  name: 'airport-state',
  version: 1,
  merge(older, newer) {
    const left = decodeAirportState(older);
    const right = decodeAirportState(newer);
    return encodeAirportState({
      departures: left.departures + right.departures,
      totalDelay: left.totalDelay + right.totalDelay,
      worstDelay: Math.max(left.worstDelay, right.worstDelay),
    });
  },
};
