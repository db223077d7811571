/** Key columns of keys that are given one by one: of an index, of range deletes. */
import type { ByteSink } from '../sink.ts';
import { encodeKeys } from './keys.ts';

/** Encodes sorted keys. */
export function encodeKeyList(sink: ByteSink, keys: readonly Uint8Array[]): void {
  const offsets = new Float64Array(keys.length + 1);
  for (let index = 0; index < keys.length; index += 1) {
    offsets[index + 1] = (offsets[index] as number) + (keys[index] as Uint8Array).length;
  }
  const bytes = new Uint8Array(offsets[keys.length] as number);
  for (let index = 0; index < keys.length; index += 1) bytes.set(keys[index] as Uint8Array, offsets[index]);
  encodeKeys(sink, bytes, offsets, keys.length);
}
