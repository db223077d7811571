/**
 * Lines of JSON between a header and a seal, so that a part of a file is never taken for the whole: FORMAT.md has them.
 *
 *     {"format":"clortho-export","version":1,…}
 *     {…}
 *     {"seal":{"lines":1,"crc32":"89abcdef"}}
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ClorthoError, checksum, encodeUtf8 } from '@clortho/base';

/** A parsed line. */
export interface SealedLine {
  readonly line: number;
  readonly value: unknown;
}

/** Turns values into lines, and seals them. */
export class LineSealer {
  #crc = 0;
  #lines = -1;

  /** Returns the text of a value, with its line break; the first one is the header. */
  add(value: unknown): string {
    const text = `${JSON.stringify(value).replace(/[\u2028\u2029]/g, escaped)}\n`;
    this.#crc = checksum(encodeUtf8(text), this.#crc);
    this.#lines += 1;
    return text;
  }

  /** Returns the last line. */
  seal(): string {
    return `${JSON.stringify({ seal: { lines: this.#lines, crc32: hex(this.#crc) } })}\n`;
  }
}

/**
 * Yields the lines of a file, the header first; the seal is checked and not yielded.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` naming the line if one is no JSON, the seal is missing or does not fit.
 */
export async function* readSealedLines(path: string): AsyncGenerator<SealedLine> {
  const input = createReadStream(path);
  let crc = 0;
  let line = 0;
  let isSealed = false;
  try {
    for await (const text of createInterface({ input, crlfDelay: 0 })) {
      line += 1;
      if (isSealed) throw damaged(path, line, 'lines after the seal');
      const value = parsed(path, line, text);
      const bytes = Buffer.from(`${text}\n`);
      if (isSeal(value)) {
        const { lines, crc32 } = value.seal;
        if (lines !== line - 2 || crc32 !== hex(crc)) throw damaged(path, line, 'the seal does not fit');
        isSealed = true;
        continue;
      }
      crc = checksum(bytes, crc);
      yield { line, value };
    }
  } finally {
    input.destroy();
  }
  if (!isSealed) throw damaged(path, line, 'the seal is missing');
}

function isSeal(
  value: unknown,
): value is { readonly seal: { readonly lines: unknown; readonly crc32: unknown } } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'seal' in value &&
    typeof value.seal === 'object' &&
    value.seal !== null
  );
}

function parsed(path: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(path, line, 'not JSON', cause);
  }
}

/** Returns the error for a line that is not what was written. */
export function damaged(path: string, line: number, problem: string, cause?: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `the export is damaged, ${problem}: file=${path} line=${line}`, {
    cause,
  });
}

/** Readers of lines may take these for the end of one. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}

function hex(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, '0');
}
