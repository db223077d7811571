/** The registers of a URL, for commands that need no store. */
import { ClorthoError } from '@clortho/base';
import { parseStoreUrl } from '@clortho/engine';
import {
  dynamoDbRegisterStore,
  lmdbRegisterStore,
  type RegisterStore,
  s3RegisterStore,
} from '@clortho/registers';
import type { CommandContext } from '../command/command-context.ts';
import { dynamoDbOptions, s3Options } from './cloud-place.ts';

const TABLE = /^dynamodb:\/\/([\w.-]{3,255})(?:\/(.+))?$/;

/**
 * Returns the registers at `url`, which the caller closes: those of a store (`file:DIR`, `s3://…`), or registers alone,
 * `lmdb:DIR` or `dynamodb://TABLE/PREFIX`. With `create`, a directory that is missing is made.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the URL has none of these forms, or names registers that end with this
 *   process; `CLORTHO_NOT_FOUND` if a directory is missing.
 */
async function openRegisters(
  { environment }: CommandContext,
  url: string,
  { create }: { readonly create: boolean },
): Promise<RegisterStore> {
  if (url.startsWith('lmdb:')) return lmdbRegisterStore(url.slice('lmdb:'.length), { create });
  const table = TABLE.exec(url);
  if (table !== null) {
    const [, name = '', prefix] = table;
    return dynamoDbRegisterStore({
      ...dynamoDbOptions(environment, name),
      ...(prefix === undefined ? {} : { prefix }),
    });
  }
  const location = parseStoreUrl(url);
  switch (location.kind) {
    case 'file':
      return lmdbRegisterStore(`${location.directory}/registers`, { create });
    case 'memory':
      throw new ClorthoError('CLORTHO_INVALID', `registers in memory end with their process: url=${url}`);
    case 's3': {
      const { bucket, prefix, table } = location;
      if (table !== undefined) {
        return dynamoDbRegisterStore({
          ...dynamoDbOptions(environment, table),
          prefix: `${bucket}/${prefix}`,
        });
      }
      return s3RegisterStore({
        ...s3Options(environment, bucket),
        prefix: prefix === '' ? 'registers/' : `${prefix}/registers/`,
      });
    }
  }
}

/** Opens registers, calls `work`, and closes them whatever happened. */
export async function withRegisters<T>(
  context: CommandContext,
  url: string,
  options: { readonly create: boolean },
  work: (registers: RegisterStore) => Promise<T>,
): Promise<T> {
  const registers = await openRegisters(context, url, options);
  try {
    return await work(registers);
  } finally {
    await registers.close();
  }
}
