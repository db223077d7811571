/** Refusals: the errors that a reader may throw, told apart from those that it must not. */
import { isClorthoError } from '@clortho/base';
import { Finding } from '../finding.ts';

const NONSENSE = /undefined|NaN|\[object|null/;

/** Counts refusals by code; anything else that is thrown is a finding. */
export class Refusals {
  /** The code and the text of the first one. */
  code: string | undefined;
  text = '';
  readonly #isInvalidAllowed: boolean;

  /** `isInvalidAllowed`: the file may lack a timestamp that its opener did not give. */
  constructor(isInvalidAllowed: boolean) {
    this.#isInvalidAllowed = isInvalidAllowed;
  }

  /** Returns what `run` returns, or `undefined` where the reader refuses. */
  attempt<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** As {@link attempt}, for promises. */
  async attemptAsync<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** Takes a thrown error as a refusal; throws a finding if it is none. */
  note(error: unknown): void {
    if (error instanceof Finding) throw error;
    if (!isClorthoError(error))
      throw new Finding(`throws what is no ClorthoError: ${String(error)}`, { cause: error });
    const { code, message } = error;
    const isAllowed =
      code === 'CLORTHO_CORRUPT' ||
      code === 'CLORTHO_UNSUPPORTED' ||
      (code === 'CLORTHO_INVALID' &&
        this.#isInvalidAllowed &&
        message.startsWith('the file stores no timestamps'));
    if (!isAllowed) throw new Finding(`refuses with ${code}: ${message}`, { cause: error });
    if (NONSENSE.test(message)) throw new Finding(`refuses without sense: ${message}`, { cause: error });
    if (this.code === undefined) {
      this.code = code;
      this.text = textOf(message);
    }
  }
}

/** Returns what a message says without its facts, so that messages can be counted. */
function textOf(message: string): string {
  const [text = ''] = message.split(/: (?:file|value|id|name)=/);
  return text.replace(/0x[0-9a-f]*|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, '#');
}
