import { compareBytes, isClorthoError } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { codecNames } from '../src/codec/registry.ts';
import type { CollectorDefinition } from '../src/collector/collector.ts';
import { Sst } from '../src/reader/sst.ts';
import type { RangeDelete } from '../src/row.ts';
import { encodeSst } from '../src/writer/encode-sst.ts';
import { decodeNaively } from './naive/decode.ts';
import { BrokenRule } from './naive/rule.ts';
import { withBlock, withFooter } from './support/forge.ts';
import { type Golden, readGolden, shownStatistics } from './support/golden.ts';
import { textOf } from './support/rows.ts';
import { backward, forward } from './support/walk.ts';

const VERSION_AT = 52;
const REQUIRED_AT = 44;
const OPTIONAL_AT = 48;
const CODECS_AT = 54;

const all = readGolden('v1');
const readable = all.filter(({ options }) => codecNames.includes(options.codec ?? 'none'));
const beyond = all.filter((golden) => !readable.includes(golden));

function open({ bytes, collectors, timestamp }: Golden): Sst {
  return Sst.openBytes(bytes, { collectors, timestamp });
}

/** Facts of a golden file that follow from its rows and ranges. */
function keysOf({ rows, rangeDeletes }: Golden): { minKey: Uint8Array; maxKey: Uint8Array } {
  const keys = [...rows.map(({ key }) => key), ...rangeDeletes.flatMap(({ start, end }) => [start, end])];
  keys.sort(compareBytes);
  return { minKey: keys[0] ?? new Uint8Array(0), maxKey: keys.at(-1) ?? new Uint8Array(0) };
}

function rangeText({ start, end, timestamp }: RangeDelete): string {
  return [Buffer.from(start).toString('hex'), Buffer.from(end).toString('hex'), timestamp].join(' ');
}

function decodeStatistics(
  collectors: readonly CollectorDefinition[],
  bytes: readonly Uint8Array[],
): Record<string, unknown> {
  const known = collectors.map(({ name, decode }, at) => [name, decode, bytes[at] as Uint8Array] as const);
  const present = known.filter(([, , one]) => one.length > 0);
  return shownStatistics(Object.fromEntries(present.map(([name, decode, one]) => [name, decode(one)])));
}

it('golden files cover what the format has', () => {
  expect(all.map(({ name }) => name)).toEqual([
    'codec-deflate',
    'codec-lz4',
    'codec-zstd',
    'collectors',
    'empty-key',
    'empty',
    'ends',
    'filter-binary-fuse',
    'filter-bloom-filters',
    'integers',
    'kinds',
    'long-keys',
    'one-row',
    'partitions',
    'range-deletes',
    'salt',
    'timestamps-absent',
    'versions',
  ]);
});

describe.each(readable)('the golden file $name', (golden) => {
  it('reads as it was written', async () => {
    const sst = open(golden);
    const cursor = sst.cursor();
    const rows = golden.rows.map(textOf);
    expect(await forward(cursor, cursor.seekFirst())).toEqual(rows);
    expect(await backward(cursor, cursor.seekLast())).toEqual(rows.reverse());
    expect(sst.rangeDeletes.map(rangeText)).toEqual(golden.rangeDeletes.map(rangeText));
    expect(sst.summary).toMatchObject({ ...golden.summary, ...keysOf(golden) });
    await sst.verify();
  });

  it('has the statistics that were collected, of the file and of each block', () => {
    const sst = open(golden);
    const { statistics = {}, blockStatistics } = golden;
    expect(shownStatistics(sst.statistics)).toEqual(statistics);
    const blocks = sst.blockTable().map((block) => shownStatistics(block.statistics));
    expect(blocks).toEqual(blockStatistics ?? blocks.map(() => ({})));
  });

  it('decodes naively to the same', () => {
    const naive = decodeNaively(golden.bytes, golden.timestamp);
    const { collectors } = golden;
    expect(naive.blocks.flat().map(textOf)).toEqual(golden.rows.map(textOf));
    expect(naive.rangeDeletes.map(rangeText)).toEqual(golden.rangeDeletes.map(rangeText));
    const { bytes: _, tailBytes, ...counts } = golden.summary;
    expect(naive.properties).toMatchObject(counts);
    expect(golden.bytes.length - naive.footer.tailOffset).toBe(tailBytes);
    const file = naive.properties.collectors.map(({ bytes }) => bytes);
    expect(decodeStatistics(collectors, file)).toEqual(golden.statistics ?? {});
    const blocks = naive.entries.map(({ statistics }) => decodeStatistics(collectors, statistics));
    expect(blocks).toEqual(golden.blockStatistics ?? blocks.map(() => ({})));
    expect(naive.remarks).toEqual([]);
  });
});

// What a codec makes of its input is up to the library behind it; everything else is the writer's own.
it.each(all.filter(({ options }) => options.codec === 'none'))(
  'the writer still writes the golden file $name',
  ({ bytes, rows, rangeDeletes, options }) => {
    const written = encodeSst(rows, { ...options, rangeDeletes }).bytes;
    expect(Buffer.from(written).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  },
);

it.each(beyond)('the golden file $name is refused cleanly by a runtime without its codec', (golden) => {
  expect(outcomeOf(golden.bytes)).toEqual({ reader: 'CLORTHO_UNSUPPORTED', naive: 'R29 unsupported' });
});

/** What becomes of a file when it is opened: of the reader its code, of the second decoder the rule and the outcome. */
function outcomeOf(bytes: Uint8Array): { reader: string; naive: string } {
  return {
    reader: outcome(() => Sst.openBytes(bytes)),
    naive: outcome(() => decodeNaively(bytes)),
  };
}

function outcome(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof BrokenRule) return `${error.rule} ${error.outcome}`;
    if (isClorthoError(error)) return error.code;
    throw error;
  }
  return 'read';
}

describe('a golden file with a footer of its own', () => {
  const golden = all.find(({ name }) => name === 'versions') as Golden;
  const unsupported = { reader: 'CLORTHO_UNSUPPORTED', naive: 'R29 unsupported' };
  const corrupt = { reader: 'CLORTHO_CORRUPT', naive: 'R29 corrupt' };
  const forged = (change: (footer: DataView) => void): Uint8Array => withFooter(golden.bytes, change);

  it.each([2, 0, 0xffff])('is unsupported with version %i', (version) => {
    const bytes = forged((footer) => footer.setUint16(VERSION_AT, version, true));
    expect(outcomeOf(bytes)).toEqual(unsupported);
    expect(() => Sst.openBytes(bytes)).toThrow(`cannot read the format version: value=${version}`);
  });

  it.each([2, 17, 31])('is unsupported with the required feature %i', (bit) => {
    const bytes = forged((footer) => footer.setUint32(REQUIRED_AT, 2 ** bit, true));
    expect(outcomeOf(bytes)).toEqual(unsupported);
    expect(() => Sst.openBytes(bytes)).toThrow('cannot read the required features');
  });

  it.each([4, 9, 15])('is unsupported with codec %i', (bit) => {
    const bytes = forged((footer) => footer.setUint16(CODECS_AT, 1 + 2 ** bit, true));
    expect(outcomeOf(bytes)).toEqual(unsupported);
    expect(() => Sst.openBytes(bytes)).toThrow(`cannot read the codec: value=${bit}`);
  });

  it.each([0, 13, 31])('is read with the optional feature %i', async (bit) => {
    const bytes = forged((footer) => footer.setUint32(OPTIONAL_AT, 2 ** bit, true));
    expect(outcomeOf(bytes)).toEqual({ reader: 'read', naive: 'read' });
    const cursor = Sst.openBytes(bytes).cursor();
    expect(await forward(cursor, cursor.seekFirst())).toEqual(golden.rows.map(textOf));
  });

  it('is corrupt with another magic, whatever the rest says', () => {
    const foreign = forged((footer) => footer.setUint16(VERSION_AT, 2, true));
    foreign.set(Buffer.from('PAR1', 'latin1'), foreign.length - 4);
    expect(outcomeOf(foreign)).toEqual(corrupt);
  });

  it('is corrupt, and not newer, where the check is wrong', () => {
    const damaged = golden.bytes.slice();
    damaged[damaged.length - 64 + VERSION_AT] = 2;
    expect(outcomeOf(damaged)).toEqual(corrupt);
  });

  it('is unsupported by its version before anything else is looked at', () => {
    const bytes = forged((footer) => {
      for (let at = 0; at < VERSION_AT; at += 4) footer.setUint32(at, 0xffff_ffff, true);
      footer.setUint16(VERSION_AT, 2, true);
      footer.setUint16(CODECS_AT, 0xffff, true);
    });
    bytes.fill(0xee, 0, bytes.length - 64);
    expect(outcomeOf(bytes)).toEqual(unsupported);
    expect(() => Sst.openBytes(bytes)).toThrow('cannot read the format version: value=2');
  });

  it('is unsupported by its features before its parts are added up', () => {
    const bytes = forged((footer) => {
      footer.setUint32(0, 7, true);
      footer.setUint32(REQUIRED_AT, 0x80, true);
    });
    expect(outcomeOf(bytes)).toEqual(unsupported);
  });

  it('is unsupported with a filter of an unknown family', () => {
    const { filter } = decodeNaively(golden.bytes).footer;
    if (filter === undefined) expect.fail('the file has a filter');
    const bytes = withBlock(golden.bytes, filter, (stored) => stored.fill(250, 0, 1));
    expect(outcomeOf(bytes)).toEqual({ reader: 'CLORTHO_UNSUPPORTED', naive: 'R25 unsupported' });
    expect(() => Sst.openBytes(bytes)).toThrow('unknown filter family: id=250');
  });
});
