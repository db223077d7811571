/** Where a script and what was printed differ. */
import type { ScriptBlock } from './parse-script.ts';

/** A block and the lines that it prints. */
export type Printed = readonly [block: ScriptBlock, lines: readonly string[]];

/** Returns the place and both sides of the first line that differs. */
export function differenceOf(
  expected: readonly Printed[],
  printed: readonly Printed[],
  path: string,
  layout: string,
): string | undefined {
  for (const [index, [block, lines]] of printed.entries()) {
    const wanted = expected[index]?.[1] ?? [];
    for (let at = 0; at < Math.max(lines.length, wanted.length); at += 1) {
      if (lines[at] === wanted[at]) continue;
      const start = (block.commands.at(-1)?.line ?? 0) + (block.hasRule ? 2 : 1);
      const [want, found] = [wanted[at] ?? 'nothing more', lines[at] ?? 'nothing more'];
      return `${path}:${start + at}: expected "${want}", found "${found}" in layout ${layout}`;
    }
  }
  return undefined;
}
