/** The objects of a store, for commands that look at single files. */
import { ClorthoError } from '@clortho/base';
import { parseStoreUrl } from '@clortho/engine';
import { fileObjectStore, type ObjectStore, s3ObjectStore } from '@clortho/object-store';
import type { CommandContext } from '../command/command-context.ts';
import { s3Options } from './cloud-place.ts';

/** Returns the object store of the store at `url`; the caller closes it. */
export function openObjects({ environment }: CommandContext, url: string): ObjectStore {
  const location = parseStoreUrl(url);
  switch (location.kind) {
    case 'file':
      return fileObjectStore(`${location.directory}/objects`);
    case 's3': {
      const prefix = location.prefix === '' ? 'objects/' : `${location.prefix}/objects/`;
      return s3ObjectStore({ ...s3Options(environment, location.bucket), prefix });
    }
    case 'memory':
      throw new ClorthoError('CLORTHO_INVALID', `a store in memory ends with its process: url=${url}`);
  }
}
