/**
 * Pins: what snapshots keep from being dropped or deleted, one register per session.
 *
 * A snapshot first holds everything, then reads the heads in one consistent call, stores them as a pin object and
 * narrows its hold to that object. While anything is held whole, nothing is dropped or deleted anywhere.
 *
 *     register  pins/<session>   beat, ended, hold, pins: [{ id, times: [[shard, timestamp], …] }, …]
 *     object    pin/<id>.pin     the encoded heads, in map order
 *
 * Invariants:
 * - A session renews by changing its register; whoever saw it unchanged for a full lease may end it, once.
 * - A pin is never copied or lowered.
 */
import { FieldReader } from './fields.ts';
import { decodeRecord, encodeRecord, type RecordKind } from './record.ts';

/** All sessions' registers begin with this. */
export const PINS_PREFIX = 'pins/';
/** A session's record. */
export const PINS_RECORD: RecordKind = { magic: 'CLpn', version: 1, name: 'pins' };
/** A pin object. */
export const PIN_RECORD: RecordKind = { magic: 'CLpo', version: 1, name: 'pin' };

/** One snapshot's hold. */
export interface Pin {
  /** The id of the pin object. */
  readonly id: string;
  /** By shard number: the timestamp that the snapshot reads at. */
  readonly times: readonly (readonly [shard: number, timestamp: number])[];
}

/** What a session holds. */
export interface Pins {
  /** Grows with every renewal. */
  readonly beat: number;
  /** Ended by its owner or by an observer: it never changes again. */
  readonly ended: boolean;
  /** Holds everything, while a snapshot is being made. */
  readonly hold: boolean;
  readonly pins: readonly Pin[];
}

/** Returns the register key of a session. */
export function pinsKey(session: string): string {
  return `${PINS_PREFIX}${session}`;
}

/** Returns the key of a pin object. */
export function pinObjectKey(id: string): string {
  return `pin/${id}.pin`;
}

/** Returns the bytes of a session's record, owned by the caller. */
export function encodePins(pins: Pins): Uint8Array {
  return encodeRecord(PINS_RECORD, [
    pins.beat,
    pins.ended,
    pins.hold,
    pins.pins.map((pin) => [pin.id, pin.times.map(([shard, timestamp]) => [shard, timestamp])]),
  ]);
}

/**
 * Returns the record that `bytes` hold; `name` says where they came from.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
 */
export function decodePins(bytes: Uint8Array, name: string): Pins {
  const fields = new FieldReader(decodeRecord(PINS_RECORD, bytes, name), 4, name);
  return {
    beat: fields.integer(),
    ended: fields.boolean(),
    hold: fields.boolean(),
    pins: fields.list((value) => {
      const pin = new FieldReader(value, 2, name);
      return {
        id: pin.text(),
        times: pin.list((time) => {
          const pair = new FieldReader(time, 2, name);
          return [pair.integer(), pair.integer()] as const;
        }),
      };
    }),
  };
}

/** Returns the bytes of a pin object that keeps these encoded heads, owned by the caller. */
export function encodePinObject(heads: readonly Uint8Array[]): Uint8Array {
  return encodeRecord(PIN_RECORD, [heads]);
}

/**
 * Returns the encoded heads that a pin object keeps, as copies.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
 */
export function decodePinObject(bytes: Uint8Array, name: string): Uint8Array[] {
  const fields = new FieldReader(decodeRecord(PIN_RECORD, bytes, name), 1, name);
  return fields.list((value) => new FieldReader([value], 1, name).bytes());
}
