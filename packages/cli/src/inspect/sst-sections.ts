/**
 * Which part of an SST takes how many bytes.
 *
 *     [data blocks][index][filter][range deletes][properties][footer, 64 bytes]
 *
 * The stored sizes of the four middle sections stand at the beginning of the footer, one uint32 in every eight bytes.
 */

/** One part of a file. */
export interface SstSection {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

const FOOTER_BYTES = 64;
const MIDDLE = ['index', 'filter', 'range deletes', 'properties'];

/** Returns the parts of a file in their order; the file was checked before. */
export function sstSections(file: Uint8Array): SstSection[] {
  const footer = file.length - FOOTER_BYTES;
  const view = new DataView(file.buffer, file.byteOffset + footer, FOOTER_BYTES);
  const sizes = MIDDLE.map((_, position) => view.getUint32(position * 8, true));
  const dataBytes = footer - sizes.reduce((sum, size) => sum + size, 0);
  let offset = 0;
  return [dataBytes, ...sizes, FOOTER_BYTES].map((bytes, position) => {
    const section = { name: ['data blocks', ...MIDDLE, 'footer'][position] as string, offset, bytes };
    offset += bytes;
    return section;
  });
}
