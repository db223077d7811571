import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/index.ts';
import { goldenPath, inspectChanged, inspectGolden } from './golden-file.ts';

/** Where parts and blocks begin, as the whole file says. */
async function placesOf(name: string): Promise<{
  readonly part: (name: string) => number;
  readonly blocks: readonly { readonly offset: number; readonly bytes: number }[];
}> {
  const { out } = await inspectGolden(name, '--json');
  const { sections, blocks } = JSON.parse(out) as {
    readonly sections: readonly { readonly name: string; readonly offset: number }[];
    readonly blocks: readonly { readonly offset: number; readonly bytes: number }[];
  };
  return { part: (wanted) => sections.find((one) => one.name === wanted)?.offset ?? -1, blocks };
}

const flip =
  (...offsets: readonly number[]) =>
  (bytes: Buffer): void => {
    for (const offset of offsets) bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  };

describe('damaged blocks', () => {
  test('are named with their offsets; everything else is shown', async () => {
    const { blocks } = await placesOf('collectors');
    const [, , second = { offset: 0 }, , fourth = { offset: 0 }] = blocks;
    const { code, out, error } = await inspectChanged('collectors', flip(second.offset, fourth.offset + 9));
    expect(code).toBe(EXIT.failed);
    const fault = `block checksum mismatch: file=changed.sst offset=${second.offset}`;
    expect(error).toBe(`clortho: ${fault} (CLORTHO_CORRUPT)\n`);
    expect(out).toMatch(/data blocks .* 2 DAMAGED\n/);
    expect(out.match(/^ +[24] .* DAMAGED /gm)).toHaveLength(2);
    expect(out).toContain('keys             "key 000" to "key 047"');
    expect(out).toContain('data blocks: 3 none');
    expect(out).toContain('expected not known');
    expect(out).toContain(`\nDAMAGED: ${fault}\nDAMAGED: `);
    expect(out).not.toContain('verified');
  });

  test('fail the command without verification too, and in JSON', async () => {
    const { code, out, error } = await inspectChanged('collectors', flip(3), '--no-verify', '--json');
    expect(code).toBe(EXIT.failed);
    expect(error).toContain('block checksum mismatch: file=changed.sst offset=0 (CLORTHO_CORRUPT)');
    const fault = { code: 'CLORTHO_CORRUPT', message: 'block checksum mismatch: file=changed.sst offset=0' };
    expect(JSON.parse(out)).toMatchObject({
      verification: { state: 'damaged', damage: [fault] },
      blocks: [{ ordinal: 0, damage: fault }, { ordinal: 1 }, { ordinal: 2 }, { ordinal: 3 }, { ordinal: 4 }],
    });
  });

  test('end the rows, after those before them', async () => {
    const { blocks } = await placesOf('collectors');
    const offset = blocks[1]?.offset ?? 0;
    const { code, out, error } = await inspectChanged('collectors', flip(offset), '--rows');
    expect(code).toBe(EXIT.failed);
    // Read ahead reads both blocks at once, but decodes them one by one.
    expect(out.trimEnd().split('\n')).toHaveLength(1 + 10);
    expect(error).toContain(`offset=${offset} (CLORTHO_CORRUPT)`);
  });

  test('in the middle of a long table are shown', async () => {
    const { blocks } = await placesOf('integers');
    const { offset = 0 } = blocks[40] ?? {};
    const { out } = await inspectChanged('integers', flip(offset));
    expect(out).toMatch(/^ +⋮ .*\n +40 .* DAMAGED .*\n +⋮ /m);
  });
});

test('rows that contradict the index are found by verification only', async () => {
  const lie = (bytes: Buffer): void => {
    const key = bytes.indexOf('ant');
    bytes[key] = (bytes[key] ?? 0) + 1;
    // One block, one row: the stored block ends where the index begins, four bytes after its codec.
    const end = bytes.readUInt32LE(bytes.length - 32) - 4;
    bytes.writeUInt32LE((crc32(bytes.subarray(0, end)) ^ bytes.readUInt32LE(bytes.length - 24)) >>> 0, end);
  };
  const { code, out, error } = await inspectChanged('one-row', lie);
  expect(code).toBe(EXIT.failed);
  expect(error).toMatch(
    /^clortho: rows are not those of the index.* file=changed.sst offset=0 \(CLORTHO_CORRUPT\)\n$/,
  );
  expect(out).toContain('\nDAMAGED: rows are not those of the index');
  expect(await inspectChanged('one-row', lie, '--no-verify')).toMatchObject({ code: EXIT.done, error: '' });
});

describe('a damaged tail', () => {
  test('with a bad filter has blocks and rows all the same', async () => {
    const { part } = await placesOf('collectors');
    const damage = flip(part('filter') + 5);
    const { code, out, error } = await inspectChanged('collectors', damage);
    expect(code).toBe(EXIT.failed);
    expect(error).toContain(`block checksum mismatch: file=changed.sst offset=${part('filter')}`);
    expect(out).toMatch(/filter .* DAMAGED\n/);
    expect(out).not.toContain('false positives');
    expect(out).toMatch(/^ {4}4 .*"key 041"/m);
    const rows = await inspectChanged('collectors', damage, '--rows', '--json');
    expect(rows.code).toBe(EXIT.done);
    expect(rows.out.trimEnd().split('\n')).toHaveLength(48);
  });

  test('with a bad index has a layout and facts', async () => {
    const { part } = await placesOf('collectors');
    const { code, out } = await inspectChanged('collectors', flip(part('index') + 40));
    expect(code).toBe(EXIT.failed);
    expect(out).toMatch(/index .* DAMAGED\n/);
    expect(out).toContain('rows             48: 34 puts, 14 deletes, 0 merges');
    expect(out).not.toContain('\nblocks\n');
    expect(out).toContain(`DAMAGED: block checksum mismatch: file=changed.sst offset=${part('index')}\n`);
  });

  test('with bad properties has a layout', async () => {
    const { part } = await placesOf('collectors');
    const { code, out } = await inspectChanged('collectors', flip(part('properties')));
    expect(code).toBe(EXIT.failed);
    expect(out).toMatch(/properties .* DAMAGED\n/);
    expect(out).toContain('salt      0x00000001');
  });

  test.for([
    ['cut', (bytes: Buffer): Buffer => bytes.subarray(0, -7), 'not an sst: no magic'],
    ['longer', (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from('x')]), 'not an sst: no magic'],
    ['of a few bytes', (bytes: Buffer): Buffer => bytes.subarray(0, 9), 'not an sst: size 9'],
    ['without bytes', (bytes: Buffer): Buffer => bytes.subarray(0, 0), 'not an sst: size 0'],
  ] as const)('of a file that is %s leaves its size', async ([_, change, problem]) => {
    const { code, out, error } = await inspectChanged('kinds', change);
    expect(code).toBe(EXIT.failed);
    expect(error).toContain(problem);
    expect(out).toMatch(/^changed\.sst {2}.* bytes\)\n\nDAMAGED: not an sst/);
    const json = await inspectChanged('kinds', change, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ verification: { state: 'damaged' } });
  });

  test('of a newer version is unsupported', async () => {
    const newer = (bytes: Buffer): void => {
      const footer = bytes.subarray(-64);
      footer[52] = 2;
      footer.writeUInt32LE(crc32(footer.subarray(0, 56)), 56);
    };
    const { code, out, error } = await inspectChanged('kinds', newer);
    expect(code).toBe(EXIT.failed);
    expect(error).toContain('(CLORTHO_UNSUPPORTED)');
    expect(out).toContain('UNSUPPORTED: this build cannot read the format version: value=2');
  });
});

test('the golden files are as they were', async () => {
  expect((await inspectGolden('collectors')).code).toBe(EXIT.done);
  expect(goldenPath('collectors')).toMatch(/golden\/v1\/collectors\.sst$/);
});
