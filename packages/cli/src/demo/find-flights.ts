/** Where the flights are: a file of the npm package vega-datasets, unless the caller names one. */
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ClorthoError } from '@clortho/base';

const PACKAGE = 'vega-datasets';
const FILE = 'flights-3m.parquet';

/**
 * Returns the path of the parquet file: `given`, or the one of the package where it is installed, next to this
 * program or in the working directory. No code of the package is loaded.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if it is not there; the message says what to install.
 */
export async function findFlights(given: string | undefined): Promise<string> {
  const candidates =
    given === undefined ? [import.meta.url, join(process.cwd(), 'package.json')].flatMap(inPackage) : [given];
  for (const path of candidates) if (await isReadable(path)) return path;
  const advice = `npm install ${PACKAGE}, or name the file with --data`;
  throw new ClorthoError('CLORTHO_NOT_FOUND', `the flights are not here, ${advice}: file=${given ?? FILE}`);
}

function inPackage(from: string): string[] {
  try {
    // The package's entry is build/index.js; the files lie beside that folder.
    return [join(dirname(createRequire(from).resolve(PACKAGE)), '..', 'data', FILE)];
  } catch {
    return [];
  }
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
