/**
 * Answers as text: what a store and the model said, in a form that compares and prints.
 *
 * Invariants:
 * - Equal answers have equal texts, different ones different texts; bytes are shown in hex, long ones whole.
 * - A refusal is its error code, so wording may differ and meaning may not.
 */
import { isClorthoError } from '@clortho/base';

/** An answer, and the error behind a refusal. */
export interface Answer {
  readonly text: string;
  readonly cause?: unknown;
}

/** Returns what `ask` answers or refuses with. */
export async function answerOf(ask: () => unknown): Promise<Answer> {
  try {
    return { text: textOf(await ask()) };
  } catch (cause) {
    return { text: isClorthoError(cause) ? cause.code : `an error without a code: ${String(cause)}`, cause };
  }
}

/** Returns a text for numbers, strings, bytes, and arrays and records of them. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `<${Buffer.from(value).toString('hex')}>`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{ ${fields.map(([name, field]) => `${name}: ${textOf(field)}`).join(', ')} }`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
