/** The footer, and where it puts the parts of the file (R4, R29, R30). */
import zlib from 'node:zlib';
import { Reading } from './reading.ts';
import { BrokenRule, demand, support } from './rule.ts';
import { hasBit, type Place, supportCodecs } from './stored-block.ts';

export interface Footer {
  readonly version: number;
  readonly salt: number;
  readonly codecs: number;
  readonly tailOffset: number;
  readonly timestampsAbsent: boolean;
  readonly indexPartitioned: boolean;
  readonly optionalFeatures: number;
  readonly index: Place;
  /** Undefined where the file has none, as the next. */
  readonly filter: Place | undefined;
  readonly rangeDeletes: Place | undefined;
  readonly properties: Place;
}

const FOOTER_BYTES = 64;
const FEATURES = { timestampsAbsent: 0, indexPartitioned: 1 };
const FEATURES_KNOWN = 2;

export function readFooter(file: Uint8Array): Footer {
  const bytes = file.subarray(-FOOTER_BYTES);
  demand(bytes.length === FOOTER_BYTES, 'R29', `a file of ${file.length} bytes`);
  demand(Buffer.from(bytes.subarray(60)).toString('latin1') === 'CLTH', 'R29', 'magic');
  const reading = new Reading(bytes, []);
  const sizes = Array.from({ length: 4 }, () => ({ storedBytes: reading.u32(), rawBytes: reading.u32() }));
  const tailOffset = reading.u32() + reading.u32() * 2 ** 32;
  const salt = reading.u32();
  const required = reading.u32();
  const optionalFeatures = reading.u32();
  const version = reading.u16();
  const codecs = reading.u16();
  demand(reading.u32() === zlib.crc32(bytes.subarray(0, 56)), 'R29', 'check of the footer');
  support(version === 1, 'R29', `version ${version}`);
  support(required < 2 ** FEATURES_KNOWN, 'R29', `required features ${required.toString(2)}`);
  supportCodecs(codecs);

  const indexPartitioned = hasBit(required, FEATURES.indexPartitioned);
  const afterwards = sizes.reduce((sum, { storedBytes }) => sum + storedBytes, FOOTER_BYTES);
  const indexOffset = file.length - afterwards;
  const addsUp = indexPartitioned ? tailOffset < indexOffset : tailOffset === indexOffset;
  demand(addsUp, 'R29', `tail at ${tailOffset}, index at ${indexOffset}`);

  let offset = indexOffset;
  const [index, filter, rangeDeletes, properties] = ['index', 'filter', 'range deletes', 'properties'].map(
    (part, at) => {
      const size = sizes[at]!;
      const place = { part, offset, ...size };
      offset += size.storedBytes;
      demand((size.storedBytes === 0) === (size.rawBytes === 0), 'R4', `one size of ${part} is 0`);
      return size.storedBytes === 0 ? undefined : place;
    },
  );
  if (index === undefined || properties === undefined)
    throw new BrokenRule('R4', 'no index or no properties');
  return {
    version,
    salt,
    codecs,
    tailOffset,
    timestampsAbsent: hasBit(required, FEATURES.timestampsAbsent),
    indexPartitioned,
    optionalFeatures,
    index,
    filter,
    rangeDeletes,
    properties,
  };
}
