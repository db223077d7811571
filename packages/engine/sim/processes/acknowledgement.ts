/** What a writer was told, one line of its side file each. */
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitToken } from '@clortho/engine';

/** An acknowledged batch. */
export interface Acknowledgement {
  readonly writer: number;
  readonly number: number;
  readonly life: number;
  readonly timestamp: number;
  readonly token: CommitToken;
}

/** Returns the path of a writer's side file. */
export function acknowledgementsPath(directory: string, writer: number): string {
  return join(directory, `acknowledged-${writer}.jsonl`);
}

/** Adds a line to the side file; what the kernel has taken outlives the process. */
export function acknowledge(file: number, acknowledgement: Acknowledgement): void {
  writeSync(file, `${JSON.stringify(acknowledgement)}\n`);
}

/** Returns what a writer acknowledged. A line that a kill cut off was not acknowledged. */
export async function readAcknowledgements(directory: string, writer: number): Promise<Acknowledgement[]> {
  const text = await readFile(acknowledgementsPath(directory, writer), 'utf8');
  const acknowledged: Acknowledgement[] = [];
  for (const line of text.split('\n')) {
    if (line.endsWith('}}')) acknowledged.push(JSON.parse(line) as Acknowledgement);
  }
  return acknowledged;
}
