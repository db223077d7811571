/** Backends some of whose contents read as something else, as if they had changed where they lie. */
import { checksum } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';
import type { Register } from '@clortho/registers';
import type { Backends } from './backends.ts';

/** Backends and what is rotten in them. */
export interface RottenBackends extends Backends {
  /** By register or object key: what is read in place of what is there; `undefined` for a lost one. */
  readonly rot: Map<string, Uint8Array | undefined>;
  /** The same without rot. */
  readonly sound: Backends;
}

/** Returns the backends, with nothing rotten in them yet. */
export function rottenBackends(sound: Backends): RottenBackends {
  const { objects, registers } = sound;
  const rot = new Map<string, Uint8Array | undefined>();
  const rotten = (key: string, register: Register | undefined): Register | undefined => {
    const value = rot.get(key);
    if (register === undefined || !rot.has(key)) return register;
    return value === undefined ? undefined : { ...register, value: value.slice() };
  };
  return {
    rot,
    sound,
    objects: {
      ...methodsOf(objects),
      async get(key, options) {
        const bytes = rot.get(key);
        if (bytes !== undefined) return bytes.slice();
        return objects.get(rot.has(key) ? `${key}.lost` : key, options);
      },
    },
    registers: {
      name: registers.name,
      supports: registers.supports,
      counters: registers.counters,
      async read(keys, options) {
        const found = await registers.read(keys, options);
        return keys.map((key, index) => rotten(key, found[index]));
      },
      compareAndSwap: (changes, options) => registers.compareAndSwap(changes, options),
      async *list(prefix, options) {
        for await (const register of registers.list(prefix, options)) {
          const read = rotten(register.key, register);
          if (read !== undefined) yield read;
        }
      },
      close: () => registers.close(),
    },
  };
}

/** Ways in which a record can be wrong, each with its bytes and the code that it deserves. */
export function* damagesOf(
  bytes: Uint8Array,
): Generator<readonly [what: string, bytes: Uint8Array, code: string]> {
  for (let index = 0; index < bytes.length; index += 1) {
    const flipped = bytes.map((byte, at) => (at === index ? byte ^ (1 << (index & 7)) : byte));
    yield [`byte ${index} changed`, flipped, 'CLORTHO_CORRUPT'];
  }
  for (const length of [0, 4, 8, 9, bytes.length >> 1, bytes.length - 1]) {
    yield [`cut to ${length} bytes`, bytes.subarray(0, length), 'CLORTHO_CORRUPT'];
  }
  yield ['zeroed', new Uint8Array(bytes.length), 'CLORTHO_CORRUPT'];
  yield ['followed by a byte', sealed(Uint8Array.of(...bytes, 0xc0)), 'CLORTHO_CORRUPT'];
  yield [
    'of a newer format',
    sealed(bytes.map((byte, at) => (at === 4 ? byte + 1 : byte))),
    'CLORTHO_UNSUPPORTED',
  ];
}

/** Returns a copy with the checksum that fits, as another program would write it; see the manifest's FORMAT.md. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const sum = checksum(copy.subarray(9), checksum(copy.subarray(0, 5)));
  new DataView(copy.buffer).setUint32(5, sum, true);
  return copy;
}

function methodsOf(objects: ObjectStore): ObjectStore {
  return {
    name: objects.name,
    counters: objects.counters,
    put: (key, bytes, options) => objects.put(key, bytes, options),
    get: (key, options) => objects.get(key, options),
    head: (key, options) => objects.head(key, options),
    delete: (keys, options) => objects.delete(keys, options),
    list: (prefix, options) => objects.list(prefix, options),
    close: () => objects.close(),
  };
}
