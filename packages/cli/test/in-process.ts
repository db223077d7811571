/** Runs the command in this process, with a terminal that remembers: for tests of many short calls. */
import { type ExitCode, run, type Terminal } from '../src/index.ts';

/** What a call came to. */
export interface CallResult {
  readonly code: ExitCode;
  readonly out: string;
  readonly error: string;
}

/** Runs `clortho` with the arguments and the environment given. */
export async function call(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CallResult> {
  let out = '';
  let error = '';
  const terminal: Terminal = {
    line: (text = '') => {
      out += `${text}\n`;
    },
    write: (text) => {
      out += text;
      return Promise.resolve();
    },
    error: (text) => {
      error += `${text}\n`;
    },
    isInteractive: false,
    hasColour: false,
    columns: 100,
  };
  const code = await run(parameters, { terminal, environment });
  return { code, out, error };
}
