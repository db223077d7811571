/**
 * One LZ4 block, decoded by the description of the block format (lz4_Block_format.md of the LZ4 project).
 *
 *     token u8: literals << 4 | match - 4     15 in either half: more length follows, in bytes up to one below 255
 *     literals                                the last sequence ends here
 *     distance u16, from 1 on                 the match is copied from that far back; it may overlap what it writes
 */
import { Reading } from './reading.ts';
import { demand } from './rule.ts';

export function lz4Block(payload: Uint8Array, rawBytes: number): Uint8Array {
  const reading = new Reading(payload, []);
  const raw: number[] = [];
  for (;;) {
    const token = reading.u8();
    raw.push(...reading.take(length(reading, Math.floor(token / 16))));
    demand(raw.length <= rawBytes, 'R9', 'more bytes than stated');
    if (reading.left === 0) return Uint8Array.from(raw);
    const distance = reading.u16();
    demand(distance >= 1 && distance <= raw.length, 'R9', `an LZ4 match from ${distance} bytes back`);
    const end = raw.length + length(reading, token % 16) + 4;
    demand(end <= rawBytes, 'R9', 'more bytes than stated');
    while (raw.length < end) raw.push(raw[raw.length - distance]!);
  }
}

function length(reading: Reading, nibble: number): number {
  let sum = nibble;
  for (let byte = nibble === 15 ? 255 : 0; byte === 255; sum += byte) byte = reading.u8();
  return sum;
}
