/** From a store URL to its object store and register store. */
import type { Clock, Random } from '@clortho/base';
import { fileObjectStore, memoryObjectStore, type ObjectStore, s3ObjectStore } from '@clortho/object-store';
import {
  dynamoDbRegisterStore,
  lmdbRegisterStore,
  memoryRegisterStore,
  type RegisterStore,
  s3RegisterStore,
} from '@clortho/registers';
import type { AwsOptions, OpenOptions } from '../options.ts';
import { parseStoreUrl, type StoreLocation } from './url.ts';

/** The two substrates of a store. */
export interface Backends {
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
  /** Closes what was opened here, not what the caller brought. */
  close(): Promise<void>;
}

type Substrates = Pick<Backends, 'objects' | 'registers'>;

/** Stores of `memory:NAME` URLs live as long as the process. */
const sharedMemory = new Map<string, Substrates>();

/**
 * Returns the backends of a URL; what the options bring replaces what the URL names.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the URL is malformed; `CLORTHO_NOT_FOUND` if a directory is missing
 *   and `create` is false.
 */
export async function openBackends(
  url: string,
  options: OpenOptions,
  clock: Clock,
  random: Random,
  create: boolean,
): Promise<Backends> {
  const location = parseStoreUrl(url);
  const { objects, registers } = options;
  if (objects !== undefined && registers !== undefined)
    return { objects, registers, close: async () => undefined };
  const own = await openLocation(location, options.aws ?? {}, clock, random, create);
  return {
    objects: objects ?? own.objects,
    registers: registers ?? own.registers,
    async close() {
      if (location.kind === 'memory' && location.name !== undefined) return;
      await Promise.all([own.objects.close(), own.registers.close()]);
    },
  };
}

async function openLocation(
  location: StoreLocation,
  aws: AwsOptions,
  clock: Clock,
  random: Random,
  create: boolean,
): Promise<Substrates> {
  switch (location.kind) {
    case 'memory': {
      const { name } = location;
      const shared = name === undefined ? undefined : sharedMemory.get(name);
      if (shared !== undefined) return shared;
      const made = { objects: memoryObjectStore(), registers: memoryRegisterStore() };
      if (name !== undefined) sharedMemory.set(name, made);
      return made;
    }
    case 'file': {
      const { directory } = location;
      const registers = await lmdbRegisterStore(`${directory}/registers`, { create });
      // The registers decide whether there is a store; the folder of its objects comes with the first one.
      const objects = fileObjectStore(`${directory}/objects`, { create: true, clock, random });
      return { objects, registers };
    }
    case 's3':
      return openS3(location, aws, clock, random);
  }
}

function openS3(
  { bucket, prefix, table }: Extract<StoreLocation, { kind: 's3' }>,
  aws: AwsOptions,
  clock: Clock,
  random: Random,
): Substrates {
  const shared = {
    clock,
    random,
    ...(aws.region === undefined ? {} : { region: aws.region }),
    ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
  };
  const s3 = {
    ...shared,
    bucket,
    ...(aws.s3Endpoint === undefined ? {} : { endpoint: aws.s3Endpoint }),
    ...(aws.unquotedEtags === undefined ? {} : { unquotedEtags: aws.unquotedEtags }),
  };
  const below = (folder: string): string => (prefix === '' ? folder : `${prefix}/${folder}`);
  const objects = s3ObjectStore({ ...s3, prefix: below('objects/') });
  if (table === undefined)
    return { objects, registers: s3RegisterStore({ ...s3, prefix: below('registers/') }) };
  const endpoint = aws.dynamoDbEndpoint === undefined ? {} : { endpoint: aws.dynamoDbEndpoint };
  const registers = dynamoDbRegisterStore({ ...shared, ...endpoint, table, prefix: `${bucket}/${prefix}` });
  return { objects, registers };
}
