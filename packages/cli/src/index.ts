/** The public names of `@clortho/cli`: the command as a function, for programs that embed it. */
export type { CommandContext } from './command/command-context.ts';
export { EXIT, type ExitCode } from './exit-code.ts';
export { processTerminal } from './output/process-terminal.ts';
export type { Terminal } from './output/terminal.ts';
export { run } from './run.ts';
