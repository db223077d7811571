/**
 * A meter of allocations: how large the largest array is that the reader asks for.
 *
 * The constructors of typed arrays are replaced by functions that note the length and then construct; zlib and the
 * native LZ4 module are given their sizes by the reader, which is noted too. Copies of parts of what is there (`slice`)
 * are not counted: they cannot be larger than it.
 *
 * Invariants:
 * - What is constructed is what would be without the meter.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

/** Reads and resets a meter. */
export interface AllocationMeter {
  /** Returns the largest allocation in bytes since the last call. */
  take(): number;
  /** Puts everything back. */
  remove(): void;
}

type TypedArray = 'Uint8Array' | 'Uint32Array' | 'Int32Array' | 'Float64Array';
const TYPED_ARRAYS: readonly TypedArray[] = ['Uint8Array', 'Uint32Array', 'Int32Array', 'Float64Array'];
/** The largest size that may be asked for: beyond, a case would take the machine down instead of being found. */
const REFUSED_BYTES = 2 ** 30;

/** Installs a meter in this process. */
export function meterAllocations(): AllocationMeter {
  let largest = 0;
  const note = (bytes: number): void => {
    if (bytes > largest) largest = bytes;
    if (bytes > REFUSED_BYTES) throw new RangeError(`an array of ${bytes} bytes`);
  };
  const undo = [meterLibraries(note), ...TYPED_ARRAYS.map((name) => meterTypedArray(name, note))];
  return {
    take() {
      const taken = largest;
      largest = 0;
      return taken;
    },
    remove() {
      for (const restore of undo) restore();
    },
  };
}

function meterTypedArray(name: TypedArray, note: (bytes: number) => void): () => void {
  const Original = globalThis[name] as Uint8ArrayConstructor;
  const elementBytes = Original.BYTES_PER_ELEMENT;
  function Metered(first: unknown, second?: number, third?: number): Uint8Array {
    if (typeof first === 'number') {
      note(first * elementBytes);
      return new Original(first);
    }
    return first instanceof ArrayBuffer
      ? new Original(first, second, third)
      : new Original(first as ArrayLike<number>);
  }
  // Static members are inherited, and `instanceof` asks the prototype.
  Object.setPrototypeOf(Metered, Original);
  Metered.prototype = Original.prototype;
  Object.assign(globalThis, { [name]: Metered });
  return () => Object.assign(globalThis, { [name]: Original });
}

interface MeteredZlib {
  inflateRawSync(
    stored: Uint8Array,
    options: { readonly chunkSize: number; readonly maxOutputLength: number },
  ): Buffer;
}

interface MeteredLz4 {
  uncompressSync(sized: Uint8Array): Uint8Array;
}

function meterLibraries(note: (bytes: number) => void): () => void {
  const require = createRequire(import.meta.url);
  const zlib = require('node:zlib') as MeteredZlib;
  const { inflateRawSync } = zlib;
  zlib.inflateRawSync = (stored, options) => {
    note(options.chunkSize);
    return inflateRawSync(stored, options);
  };
  syncBuiltinESMExports();
  let lz4: MeteredLz4 | undefined;
  try {
    lz4 = require('lz4-napi') as MeteredLz4;
  } catch {
    // The codec in TypeScript takes its place, and allocates by constructors.
  }
  const uncompressSync = lz4?.uncompressSync;
  if (lz4 !== undefined && uncompressSync !== undefined) {
    lz4.uncompressSync = (sized) => {
      note(new DataView(sized.buffer, sized.byteOffset).getUint32(0, true));
      return uncompressSync(sized);
    };
  }
  return () => {
    zlib.inflateRawSync = inflateRawSync;
    syncBuiltinESMExports();
    if (lz4 !== undefined && uncompressSync !== undefined) lz4.uncompressSync = uncompressSync;
  };
}
