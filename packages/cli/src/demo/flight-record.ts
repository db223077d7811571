/**
 * One flight as a row of the log.
 *
 *     key     origin, 3 characters │ departure, uint32 minutes, big endian │ number of the row, uint32, big endian
 *     value   delay, int16 │ distance, uint16 │ destination, 3 characters                         little endian
 *
 * Invariants:
 * - Keys sort by airport, then time, then the order of the source; no two flights have the same.
 */
import { decodeUtf8 } from '@clortho/base';
import type { FlightHours } from './flight-hours.ts';

/** The size of a key. */
export const FLIGHT_KEY_BYTES = 11;
/** The size of a value. */
export const FLIGHT_VALUE_BYTES = 7;
/** Where the delay lies in the value: the column that statistics are kept of. */
export const DELAY_COLUMN = { type: 'int16', offset: 0 } as const;

/** A flight as a person reads it. */
export interface Flight {
  readonly origin: string;
  readonly destination: string;
  /** Minutes since the Unix epoch. */
  readonly minute: number;
  /** The number of the row in the source. */
  readonly row: number;
  readonly delay: number;
  readonly distance: number;
}

/** Returns the keys and values of all flights of an hour, each in one piece of memory. */
export function encodeFlights({ flights, firstRow }: FlightHours): { keys: Uint8Array; values: Uint8Array } {
  const { minutes, delays, distances, origins, destinations, airports } = flights;
  const keys = new Uint8Array(minutes.length * FLIGHT_KEY_BYTES);
  const values = new Uint8Array(minutes.length * FLIGHT_VALUE_BYTES);
  const keyView = new DataView(keys.buffer);
  const valueView = new DataView(values.buffer);
  for (let row = 0; row < minutes.length; row += 1) {
    const key = row * FLIGHT_KEY_BYTES;
    writeCode(keys, key, airports[origins[row] as number] as string);
    keyView.setUint32(key + 3, minutes[row] as number);
    keyView.setUint32(key + 7, firstRow + row);
    const value = row * FLIGHT_VALUE_BYTES;
    valueView.setInt16(value, delays[row] as number, true);
    valueView.setUint16(value + 2, distances[row] as number, true);
    writeCode(values, value + 4, airports[destinations[row] as number] as string);
  }
  return { keys, values };
}

/** Returns the delay of a flight out of its value. */
export function delayOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.length).getInt16(DELAY_COLUMN.offset, true);
}

/** Decodes a row of the log. */
export function decodeFlight(key: Uint8Array, value: Uint8Array): Flight {
  const keyView = new DataView(key.buffer, key.byteOffset, key.length);
  const valueView = new DataView(value.buffer, value.byteOffset, value.length);
  return {
    origin: decodeUtf8(key.subarray(0, 3)),
    destination: decodeUtf8(value.subarray(4, 7)),
    minute: keyView.getUint32(3),
    row: keyView.getUint32(7),
    delay: delayOf(value),
    distance: valueView.getUint16(2, true),
  };
}

function writeCode(bytes: Uint8Array, at: number, code: string): void {
  for (let index = 0; index < 3; index += 1) bytes[at + index] = code.charCodeAt(index);
}
