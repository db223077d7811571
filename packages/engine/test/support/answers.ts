/** What a store answered, as text that reads well in an assertion. */
import { isClorthoError } from '@clortho/base';
import type { HistoryEntry, ScanRow } from '../../src/index.ts';

/** Returns bytes as text; `undefined` stays. */
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

/** Returns all rows of a scan as `key=value`. */
export async function rowsOf(scan: AsyncIterable<ScanRow>): Promise<string[]> {
  const rows: string[] = [];
  for await (const { key, value } of scan) rows.push(`${text(key)}=${text(value)}`);
  return rows;
}

/** Returns the entries of a history as `timestamp:value`, with `timestamp:del` for deletes. */
export async function versionsOf(history: AsyncIterable<HistoryEntry>): Promise<string[]> {
  const versions: string[] = [];
  for await (const entry of history) {
    versions.push(`${entry.timestamp}:${entry.kind === 'put' ? text(entry.value) : 'del'}`);
  }
  return versions;
}

/** Returns the code with which `call` failed, or `none`. Any error without a code is thrown on. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    const result = await call();
    if (isIterable(result)) for await (const _ of result);
    return 'none';
  } catch (error) {
    if (isClorthoError(error)) return error.code;
    throw error;
  }
}

/** Returns the message with which `call` failed. */
export async function messageOf(call: () => unknown): Promise<string> {
  try {
    const result = await call();
    if (isIterable(result)) for await (const _ of result);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'none';
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
