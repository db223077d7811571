/**
 * Runs `scripts/*.txt` in every layout, and verifies what each case leaves. `CLORTHO_REWRITE_SCRIPTS=1` writes what the first layout of a case prints into the
 * scripts: read the difference before you believe it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { differenceOf, type Printed } from './support/script/difference.ts';
import { LAYOUTS, type Layout } from './support/script/layouts.ts';
import { parseScript, rewriteScript, type ScriptCase } from './support/script/parse-script.ts';
import { ScriptStore } from './support/script/script-store.ts';

const FOLDER = fileURLToPath(new URL('./scripts/', import.meta.url));
const REWRITES = (process.env['CLORTHO_REWRITE_SCRIPTS'] ?? '') !== '';

for (const file of readdirSync(FOLDER).sort()) {
  const text = readFileSync(`${FOLDER}${file}`, 'utf8');
  const path = `test/scripts/${file}`;
  describe(file, () => {
    const rewritten: Printed[] = [];
    afterAll(() => {
      if (REWRITES) writeFileSync(`${FOLDER}${file}`, rewriteScript(text, rewritten));
    });
    for (const one of parseScript(path, text)) {
      it(one.text, async () => {
        let expected: readonly Printed[] = one.blocks.map((block) => [
          block,
          block.expected.map((line) => line.text),
        ]);
        for (const [index, layout] of layoutsOf(one).entries()) {
          const printed = await play(one, layout, path);
          if (REWRITES && index === 0) {
            expected = printed;
            rewritten.push(...printed);
          }
          expect(differenceOf(expected, printed, path, layout.name)).toBeUndefined();
        }
      });
    }
  });
}

describe('a script', () => {
  const text = '# About.\ncase one\n@10 put k 1\n\nget k\nget j\n----\n1\n2\n\ncase two\nget k\n';
  const [one, two] = parseScript('a.txt', text);
  const printed: Printed[] = [...(one?.blocks ?? []), ...(two?.blocks ?? [])].map((block, index) => [
    block,
    [[], ['1', 'absent'], ['none', 'at all']][index] ?? [],
  ]);

  it('tells the file and the line of what differs', () => {
    const expected: Printed[] = printed.map(([block]) => [block, block.expected.map((line) => line.text)]);
    expect(differenceOf(expected, printed, 'a.txt', 'delta')).toBe(
      'a.txt:9: expected "2", found "absent" in layout delta',
    );
    expect(differenceOf(expected.slice(2), printed.slice(2), 'a.txt', 'delta')).toBe(
      'a.txt:13: expected "nothing more", found "none" in layout delta',
    );
    expect(differenceOf(printed, printed, 'a.txt', 'delta')).toBeUndefined();
  });

  it('is rewritten with what was printed, and is the same script then', () => {
    const rewritten = rewriteScript(text, printed);
    expect(rewritten).toBe(
      '# About.\ncase one\n@10 put k 1\n\nget k\nget j\n----\n1\nabsent\n\ncase two\nget k\n----\nnone\nat all\n',
    );
    const again = parseScript('a.txt', rewritten).flatMap(({ blocks }) => blocks);
    expect(again.map((block) => block.expected.map((line) => line.text))).toEqual(
      printed.map(([, lines]) => lines),
    );
  });
});

/** Plays the case on an empty store and returns what each block printed. */
async function play(one: ScriptCase, layout: Layout, path: string): Promise<readonly Printed[]> {
  const store = new ScriptStore(layout);
  const printed: Printed[] = [];
  try {
    for (const block of one.blocks) {
      const lines: string[] = [];
      for (const { line, text } of block.commands) {
        const found = await store.run(text).catch((cause: unknown) => {
          throw new Error(`${path}:${line}: ${text} failed in layout ${layout.name}: ${String(cause)}`, {
            cause,
          });
        });
        lines.push(...found);
      }
      printed.push([block, lines]);
    }
    expect(await store.verify()).toEqual([]);
    return printed;
  } finally {
    await store.close();
  }
}

/** Returns the layouts that a case is about: all, or those that `only` names. */
function layoutsOf({ blocks }: ScriptCase): readonly Layout[] {
  const only = blocks.flatMap(({ commands }) => commands).find(({ text }) => text.startsWith('only '));
  const names = only?.text.split(' ').slice(1);
  return names === undefined ? LAYOUTS : LAYOUTS.filter(({ name }) => names.includes(name));
}
