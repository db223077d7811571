import { readFileSync } from 'node:fs';
import { encodeUtf8, ID_MIN } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { decodeHead, encodeHead, encodeSegment, HEAD_RECORD, SEGMENT_RECORD } from '../src/codec.ts';
import type { Head } from '../src/head.ts';
import { encodePinObject, encodePins, PIN_RECORD, PINS_RECORD } from '../src/pins.ts';
import { decodeRecord, type RecordKind } from '../src/record.ts';
import { encodeShardMap, newShardMap, SHARD_MAP_RECORD } from '../src/shard-map.ts';
import { entryOf } from './support/entries.ts';

const commit = 1_700_000_000_000_001;
const head: Head = {
  store: 'demo',
  shard: 0,
  version: 3,
  epoch: 1,
  upper: commit,
  floor: 0,
  gcFloor: ID_MIN,
  state: 'open',
  horizons: { 0: 7 },
  segments: [{ id: '01HF7YAT00000000000000000A', from: 0, to: 2, size: 3 }],
  tail: [
    {
      token: 't3',
      timestamp: commit,
      added: [
        entryOf(0, {
          id: '01HF7YAT00000000000000000B',
          run: commit,
          bytes: 300,
          tailBytes: 200,
          rows: 2,
          lower: encodeUtf8('ant'),
          upper: encodeUtf8('bee\0'),
          minTimestamp: commit,
          maxTimestamp: commit,
        }),
      ],
      removed: [{ id: '01HF7YAT000000000000000009', family: 0, tier: 'delta' }],
    },
  ],
};

const page = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8');

/** The bytes of the example in FORMAT.md: lines of an offset and sixteen bytes. */
function exampleBytes(): string {
  const example = /```hex\n([^`]*)```/.exec(page)?.[1];
  if (example === undefined) throw new Error('FORMAT.md has an example');
  return example.replaceAll(/^ *\d+/gm, '').replaceAll(/\s/g, '');
}

/** The fields that the section of a kind lists, in order. */
function fieldsOf(title: string): string[] {
  const section = page.slice(page.indexOf(title) + title.length);
  const table = /\| field[^\n]*\n\|[-| ]*\n((?:\|[^\n]*\n)+)/.exec(section)?.[1] ?? '';
  return [...table.matchAll(/^\| (\w+)/gm)].map((match) => match[1] as string);
}

describe('the example in FORMAT.md', () => {
  it('is what the code writes', () => {
    expect(Buffer.from(encodeHead(head)).toString('hex')).toBe(exampleBytes());
  });

  it('reads as the page says', () => {
    expect(decodeHead(new Uint8Array(Buffer.from(exampleBytes(), 'hex')), 'the example')).toEqual(head);
  });
});

describe('the tables in FORMAT.md', () => {
  const segment = { from: 0, to: 1, added: [], removed: [], tokens: [] };
  const pins = { beat: 1, ended: false, hold: false, pins: [] };
  it.each<[string, RecordKind, Uint8Array]>([
    ['## Shard head, CLhd', HEAD_RECORD, encodeHead(head)],
    ['## Checkpoint segment, CLck', SEGMENT_RECORD, encodeSegment('demo', 0, segment)],
    ['## Shard map, CLmp', SHARD_MAP_RECORD, encodeShardMap('demo', newShardMap([]))],
    ['## Pins, CLpn', PINS_RECORD, encodePins(pins)],
  ])('have every field of %s', (title, kind, bytes) => {
    expect(page).toContain(title);
    expect(kind.version).toBe(1);
    expect(fieldsOf(title)).toHaveLength((decodeRecord(kind, bytes, 'here') as unknown[]).length);
  });

  it('have every field of edits and files', () => {
    const body = decodeRecord(HEAD_RECORD, encodeHead(head), 'here') as unknown[];
    const [edit] = body[10] as [unknown[]];
    const [file] = edit[2] as [unknown[]];
    expect(fieldsOf('**Edit**')).toEqual(['token', 'timestamp', 'added', 'removed']);
    expect(edit).toHaveLength(4);
    expect(fieldsOf('**File**')).toHaveLength(file.length);
    const known = Object.keys(entryOf(0));
    expect(fieldsOf('**File**').filter((field) => field !== 'times' && !known.includes(field))).toEqual([]);
    expect(decodeRecord(PIN_RECORD, encodePinObject([]), 'here')).toHaveLength(1);
  });
});
