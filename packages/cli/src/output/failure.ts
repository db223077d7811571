/** Errors as people and scripts read them. */
import { isClorthoError } from '@clortho/base';
import { CommanderError } from 'commander';

/** Returns `clortho: <message> (CODE)`; with `isDebug`, the stack and those of its causes below. */
export function describeFailure(error: unknown, isDebug: boolean): string {
  const line = `clortho: ${messageOf(error)} (${codeOf(error)})`;
  return isDebug ? [line, ...stacksOf(error)].join('\n') : line;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first = error.name] = error.message.split('\n');
  // Commander has shown the help of the command and has no words of its own for what is wrong.
  if (error instanceof CommanderError && error.code === 'commander.help') return 'which command?';
  return error instanceof CommanderError ? first.replace(/^error: /, '').replace(/\.$/, '') : first;
}

function codeOf(error: unknown): string {
  if (isClorthoError(error)) return error.code;
  if (error instanceof CommanderError) return 'CLORTHO_INVALID';
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'Error';
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    stacks.push(stacks.length === 0 ? (each.stack ?? '') : `caused by ${each.stack ?? each.message}`);
  }
  return stacks;
}
