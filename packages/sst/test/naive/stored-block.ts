/** The envelope of stored blocks, and the codecs (R8 to R10). */
import zlib from 'node:zlib';
import { RAW_MAX } from './columns.ts';
import { lz4Block } from './lz4-block.ts';
import { Reading } from './reading.ts';
import { BrokenRule, demand, support } from './rule.ts';

type Decode = (payload: Uint8Array, rawBytes: number) => Uint8Array;

interface Codec {
  readonly name: string;
  /** Raw bytes per stored byte, at most. */
  readonly ratioMax: number;
  /** Absent where the runtime has none. */
  readonly decode: Decode | undefined;
}

/** What `node:zlib` has from Node 22.15 on. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
};

/** By id. */
const CODECS: readonly Codec[] = [
  { name: 'none', ratioMax: 1, decode: (payload) => payload },
  { name: 'lz4', ratioMax: 256, decode: lz4Block },
  { name: 'deflate', ratioMax: 1032, decode: inflate },
  {
    name: 'zstd',
    ratioMax: Number.POSITIVE_INFINITY,
    decode:
      zstdDecompressSync &&
      ((payload, rawBytes) => zstdDecompressSync(payload, { maxOutputLength: rawBytes })),
  },
];

function inflate(payload: Uint8Array, rawBytes: number): Uint8Array {
  return zlib.inflateRawSync(payload, { maxOutputLength: Math.max(rawBytes, 1) });
}

/** Refuses the list of a footer where it names a codec that is not here (R29). */
export function supportCodecs(codecs: number): void {
  for (let id = 0; id < 16; id += 1) {
    if (!hasBit(codecs, id)) continue;
    support(CODECS[id] !== undefined, 'R29', `codec ${id}`);
    support(CODECS[id]?.decode !== undefined, 'R29', `codec ${CODECS[id]?.name} is not in this runtime`);
  }
}

export function hasBit(bits: number, bit: number): boolean {
  return Math.floor(bits / 2 ** bit) % 2 === 1;
}

/** Where a stored block lies and what its surroundings say of it. */
export interface Place {
  readonly part: string;
  readonly offset: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
}

/** Bytes of codec and check after every payload. */
const ENVELOPE = 5;

/** Returns a function that reads the raw bytes of the stored block at a place in `file`. */
export function storedBlocks(
  file: Uint8Array,
  salt: number,
  codecs: number,
  remarks: string[],
): (place: Place) => Reading {
  return ({ part, offset, storedBytes, rawBytes }) => {
    demand(rawBytes <= RAW_MAX, 'R3', `${part} of ${rawBytes} bytes`);
    demand(
      storedBytes >= ENVELOPE && offset + storedBytes <= file.length,
      'R5',
      `${part} of ${storedBytes} bytes`,
    );
    const stored = file.subarray(offset, offset + storedBytes);
    const payload = stored.subarray(0, -ENVELOPE);
    const id = stored.at(-ENVELOPE)!;
    const check = new Reading(stored.subarray(-4), []).u32();
    const place = (offset % 2 ** 32) + Math.floor(offset / 2 ** 32);
    const crc = zlib.crc32(stored.subarray(0, -4));
    demand((crc ^ salt ^ place) >>> 0 === check, 'R8', `check of ${part} at ${offset}`);

    const codec = CODECS[id];
    demand(
      codec?.decode !== undefined && hasBit(codecs, id),
      'R10',
      `codec ${id} of ${part} is not in the list`,
    );
    demand(rawBytes <= payload.length * codec!.ratioMax, 'R3', `${rawBytes} bytes out of ${payload.length}`);
    const raw = decode(codec!, payload, rawBytes);
    demand(raw.length === rawBytes, 'R9', `${part} decodes to ${raw.length} bytes, stated are ${rawBytes}`);
    if (id !== 0 && !savesEnough(rawBytes, payload.length))
      remarks.push(`R10: ${part} saves less than one eighth`);
    return new Reading(raw, remarks);
  };
}

function decode(codec: Codec, payload: Uint8Array, rawBytes: number): Uint8Array {
  try {
    return codec.decode!(payload, rawBytes);
  } catch (cause) {
    throw new BrokenRule('R9', `a block of ${codec.name} does not decode: ${String(cause)}`);
  }
}

/** R10: one eighth at least, rounded down, and something. */
function savesEnough(rawBytes: number, payloadBytes: number): boolean {
  return rawBytes - payloadBytes >= Math.max(1, Math.floor(rawBytes / 8));
}
