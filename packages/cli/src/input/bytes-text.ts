/** Keys and values as text: what is typed and printed for the bytes of a store. */
import { ClorthoError, decodeUtf8, encodeUtf8 } from '@clortho/base';

/** Turns text into bytes and back. */
export interface BytesText {
  /** Returns the bytes that `text` stands for. @throws {ClorthoError} `CLORTHO_INVALID` if it stands for none. */
  parse(text: string): Uint8Array;
  /** Returns the text of `bytes`. @throws {ClorthoError} `CLORTHO_INVALID` if they have none. */
  format(bytes: Uint8Array): string;
}

/** Returns what the options `--hex` and `--base64` ask for; UTF-8 without either. */
export function bytesText(options: { readonly hex?: boolean; readonly base64?: boolean }): BytesText {
  if (options.hex === true) return encoded('hex', /^(?:[0-9a-f]{2})*$/i);
  if (options.base64 === true) return encoded('base64', /^(?:[\w+/-]{4})*(?:[\w+/-]{2,3}={0,2})?$/);
  return { parse: encodeUtf8, format: formatUtf8 };
}

function formatUtf8(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    const facts = `length=${bytes.length}`;
    throw new ClorthoError('CLORTHO_INVALID', `the bytes are no text, ask for --hex or --base64: ${facts}`, {
      cause,
    });
  }
}

function encoded(name: 'hex' | 'base64', pattern: RegExp): BytesText {
  return {
    parse(text) {
      if (pattern.test(text)) return new Uint8Array(Buffer.from(text, name));
      throw new ClorthoError('CLORTHO_INVALID', `not ${name}: text=${JSON.stringify(text)}`);
    },
    format: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(name),
  };
}
