/** What every command works with. */
import type { Terminal } from '../output/terminal.ts';

/** The surroundings of a command. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Variables such as `CLORTHO_URL` and those of AWS. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}
