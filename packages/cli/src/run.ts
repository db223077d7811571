/** One call of the command, from its arguments to its exit code. */
import type { CommandContext } from './command/command-context.ts';
import { EXIT, type ExitCode, exitCodeOf, ProgramEnded } from './exit-code.ts';
import { describeFailure } from './output/failure.ts';
import { createProgram } from './program.ts';

/**
 * Runs the command with `parameters` (without the names of node and the script) and returns its exit code. Never
 * throws: what goes wrong becomes one line on the terminal's error stream, with `--debug` the stack and its causes.
 */
export async function run(parameters: readonly string[], context: CommandContext): Promise<ExitCode> {
  const program = await createProgram(context, parameters);
  try {
    await program.parseAsync([...parameters], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    const isDebug = program.opts<{ readonly debug?: boolean }>().debug === true;
    const isSaid = code === EXIT.done || error instanceof ProgramEnded;
    if (!isSaid) context.terminal.error(describeFailure(error, isDebug));
    return code;
  }
}
