/** The options of a writer, and their checks. */
import { ClorthoError } from '@clortho/base';
import type { WorkMemory } from '../block/work-memory.ts';
import type { Codec, CodecName } from '../codec/codec.ts';
import { codecByName } from '../codec/registry.ts';
import type { CollectorDefinition } from '../collector/collector.ts';
import type { FilterFamily, FilterOptions } from '../filter/filter.ts';
import { filterFamily } from '../filter/registry.ts';
import { COLLECTORS_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import type { SparePieces } from './spare-pieces.ts';

/** How to write a file; all optional. */
export interface SstWriterOptions {
  /** A block ends before its expanded keys, values and 12 bytes per row exceed this. Default 32 KiB. */
  readonly blockBytes?: number | undefined;
  /** Default `'lz4'`. */
  readonly codec?: CodecName | undefined;
  /** Default `{ family: 'split-block-bloom', bitsPerKey: 12 }`. */
  readonly filter?: FilterOptions | undefined;
  /** Statistics to compute; names are distinct. */
  readonly collectors?: readonly CollectorDefinition[] | undefined;
  /** An unsigned 32-bit number mixed into all checksums: pass a random one. Default 0. */
  readonly salt?: number | undefined;
  /**
   * `'absent'`: the file stores no timestamps; its opener supplies the one that all rows and range deletes share.
   * Default `'stored'`.
   */
  readonly timestamps?: 'stored' | 'absent' | undefined;
  /** An index above this many bytes is cut into partitions of about this size. Default 128 KiB. */
  readonly indexPartitionBytes?: number | undefined;
  /** Gathers rows in this memory: those of cursors that have the same are copied faster. */
  readonly memory?: WorkMemory | undefined;
  /** How large the file will be, about: that much memory is set aside at once, so that it comes in one piece. Default 0. */
  readonly expectedBytes?: number | undefined;
  /** Where memory for `expectedBytes` is taken from, if there is some. */
  readonly spare?: SparePieces | undefined;
}

/** The options with defaults and parts looked up. */
export interface ResolvedWriterOptions {
  readonly blockBytes: number;
  readonly codec: Codec;
  readonly filter: FilterFamily | undefined;
  readonly collectors: readonly CollectorDefinition[];
  readonly salt: number;
  readonly timestampsAbsent: boolean;
  readonly indexPartitionBytes: number;
  readonly memory: WorkMemory | undefined;
  readonly expectedBytes: number;
  readonly spare: SparePieces | undefined;
}

const BLOCK_BYTES = 32 * 1024;
const INDEX_PARTITION_BYTES = 128 * 1024;

/** Checks options and fills in defaults. Throws `CLORTHO_INVALID`; `CLORTHO_UNSUPPORTED` for a codec not available. */
export function resolveWriterOptions(options: SstWriterOptions): ResolvedWriterOptions {
  const { blockBytes = BLOCK_BYTES, indexPartitionBytes = INDEX_PARTITION_BYTES } = options;
  const { codec = 'lz4', salt = 0, collectors = [] } = options;
  for (const [name, bytes] of Object.entries({ blockBytes, indexPartitionBytes })) {
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > VALUE_BYTES_MAX) {
      throw new ClorthoError('CLORTHO_INVALID', `size out of [1, ${VALUE_BYTES_MAX}]: ${name}=${bytes}`);
    }
  }
  if (!Number.isInteger(salt) || salt < 0 || salt > 0xffff_ffff) {
    throw new ClorthoError('CLORTHO_INVALID', `salt is not an unsigned 32-bit number: salt=${salt}`);
  }
  const names = new Set(collectors.map((collector) => collector.name));
  if (names.size !== collectors.length || names.size > COLLECTORS_MAX) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `collectors need distinct names, at most ${COLLECTORS_MAX}: count=${collectors.length}`,
    );
  }
  return {
    blockBytes,
    codec: codecByName(codec),
    filter: filterFamily(options.filter ?? { family: 'split-block-bloom' }),
    collectors,
    salt,
    timestampsAbsent: options.timestamps === 'absent',
    indexPartitionBytes,
    memory: options.memory,
    expectedBytes: options.expectedBytes ?? 0,
    spare: options.spare,
  };
}
