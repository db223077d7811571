/**
 * Scripts: what is done to a store, and what it answers, in a form that reads like a table.
 *
 *     # A comment.
 *     case a delete hides what is older
 *     @10 put k 1
 *     @20 del k
 *     get k at 19 20
 *     ----
 *     19 1
 *     20 absent
 *
 * A case begins with an empty store. A block is commands, a rule and the lines that the commands print; an empty line
 * ends it, and the next one goes on with the same store. A block without a rule prints nothing.
 */

/** A line of a script; lines count from 1. */
export interface ScriptLine {
  readonly line: number;
  readonly text: string;
}

/** Commands and what they print. */
export interface ScriptBlock {
  readonly commands: readonly ScriptLine[];
  readonly hasRule: boolean;
  readonly expected: readonly ScriptLine[];
}

/** A case of a script. */
export interface ScriptCase extends ScriptLine {
  readonly blocks: readonly ScriptBlock[];
}

const CASE = 'case ';
const RULE = '----';

/** Returns the cases of a script. @throws {Error} naming the line of what is no script. */
export function parseScript(path: string, text: string): readonly ScriptCase[] {
  const cases: (ScriptLine & { readonly blocks: ScriptBlock[] })[] = [];
  let block = newBlock();
  const finish = (): void => {
    if (block.commands.length > 0) cases.at(-1)?.blocks.push(block);
    block = newBlock();
  };
  for (const [index, given] of text.split('\n').entries()) {
    const line = { line: index + 1, text: given.trimEnd() };
    if (line.text === '') finish();
    else if (block.hasRule) block.expected.push(line);
    else if (line.text.startsWith('#')) continue;
    else if (line.text.startsWith(CASE)) {
      finish();
      cases.push({ line: line.line, text: line.text.slice(CASE.length), blocks: [] });
    } else if (cases.length === 0) throw new Error(`${path}:${line.line}: a script begins with a case`);
    else if (line.text !== RULE) block.commands.push(line);
    else if (block.commands.length === 0) throw new Error(`${path}:${line.line}: a rule follows commands`);
    else block.hasRule = true;
  }
  finish();
  return cases;
}

function newBlock(): { commands: ScriptLine[]; hasRule: boolean; expected: ScriptLine[] } {
  return { commands: [], hasRule: false, expected: [] };
}

/** Returns the script with what each block printed in place of what it expected. */
export function rewriteScript(
  text: string,
  printed: readonly (readonly [block: ScriptBlock, lines: readonly string[]])[],
): string {
  const lines = text.split('\n');
  for (const [block, found] of printed.toReversed()) {
    const after = (block.commands.at(-1)?.line ?? 0) + (block.hasRule ? 1 : 0);
    const rule = block.hasRule || found.length === 0 ? [] : [RULE];
    lines.splice(after, block.expected.length, ...rule, ...found);
  }
  return lines.join('\n');
}

/** Returns the bytes of a word: text, `0x` and hexadecimal, or `""` for none. */
export function bytesOfWord(word: string): Uint8Array {
  if (word === '""') return new Uint8Array(0);
  return new Uint8Array(word.startsWith('0x') ? Buffer.from(word.slice(2), 'hex') : Buffer.from(word));
}

/** Returns the word of bytes. */
export function wordOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '""';
  const text = Buffer.from(bytes).toString('latin1');
  return /^[!-~]+$/.test(text) && !text.startsWith('0x') && text !== '""'
    ? text
    : `0x${Buffer.from(bytes).toString('hex')}`;
}
