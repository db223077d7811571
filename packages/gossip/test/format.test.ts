import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memberItem, valueItem } from '../src/item/item-codec.ts';
import { encodeValue } from '../src/value-codec.ts';
import { RUMOUR } from '../src/wire/message.ts';
import { encodeMessage } from '../src/wire/message-codec.ts';

test('the example of FORMAT.md is what is sent', () => {
  const member = memberItem({ name: 'ann', gen: 1, inc: 0, status: 0, address: '127.0.0.1:7946', by: 0 });
  const value = valueItem(member.id, 1, 'role', { version: 1, value: encodeValue('leader') });
  const bytes = encodeMessage({ kind: RUMOUR, items: [member, value] });
  const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8');
  const [, dump = ''] = /```hex\n([\s\S]*?)```/.exec(text) ?? [];
  const shown = dump
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).slice(1).join(''))
    .join('');
  expect(shown).toBe(Buffer.from(bytes).toString('hex'));
});
