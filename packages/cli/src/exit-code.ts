/**
 * Exit codes: what a script can tell about a command without reading its output.
 *
 *     0  it did what was asked
 *     1  it failed
 *     2  it was called wrongly: fix the call, nothing was changed by it
 *     3  what was asked for is not there: a key, a file, a store
 *
 * A command that runs another program ends with that program's code.
 */
import { isClorthoError } from '@clortho/base';
import { CommanderError } from 'commander';

/** The exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, absent: 3 } as const;

/** One of the {@link EXIT} codes, or what another program ended with that was run: 0 to 255. */
export type ExitCode = number;

/** Ends a command with the exit code of the program that it ran, and says nothing: that program has. */
export class ProgramEnded extends Error {
  readonly code: ExitCode;

  /** Creates the end of a program. */
  constructor(code: ExitCode) {
    super(`the program ended: code=${code}`);
    this.name = 'ProgramEnded';
    this.code = code;
  }
}

/** Returns the exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  // Commander ends by an error too where it has shown help or the version as it was asked to.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof ProgramEnded) return error.code;
  if (isClorthoError(error, 'CLORTHO_INVALID')) return EXIT.usage;
  if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) return EXIT.absent;
  return EXIT.failed;
}
