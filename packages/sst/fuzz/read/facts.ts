/** What an open file states of itself: every field there, of its type, and in agreement with the others. */
import { compareBytes } from '@clortho/base';
import type { Sst } from '../../src/index.ts';
import { expectThat } from '../finding.ts';

/** Checks summary, statistics and range deletes. */
export function checkStated(sst: Sst, size: number): void {
  const { summary, rangeDeletes } = sst;
  for (const [name, value] of Object.entries(summary)) {
    if (name === 'statistics') continue;
    const isRight = name.endsWith('Key') ? value instanceof Uint8Array : Number.isSafeInteger(value);
    expectThat(isRight, `the summary has a bad ${name}: ${String(value)}`);
  }
  for (const bytes of Object.values(summary.statistics)) {
    expectThat(
      bytes instanceof Uint8Array && bytes.length > 0,
      'the summary has statistics that are no bytes',
    );
  }
  expectThat(summary.bytes === size && summary.tailBytes <= size, 'the summary states another size');
  expectThat(Number.isFinite(sst.tailWeight) && sst.tailWeight >= 0, `the tail weighs ${sst.tailWeight}`);
  for (let index = 0; index < rangeDeletes.length; index += 1) {
    const range = rangeDeletes[index];
    expectThat(
      range !== undefined && Number.isSafeInteger(range.timestamp),
      'a range delete has no timestamp',
    );
    expectThat(compareBytes(range.start, range.end) < 0, 'a range delete is empty');
    const before = rangeDeletes[index - 1];
    if (before === undefined) continue;
    const order = compareBytes(before.start, range.start);
    expectThat(
      order < 0 || (order === 0 && before.timestamp >= range.timestamp),
      'range deletes are out of order',
    );
  }
}

/** Checks the table of blocks: it tiles the file up to its tail, and its first rows ascend. */
export function checkTable(table: ReturnType<Sst['blockTable']>, sst: Sst): void {
  let offset = 0;
  expectThat(table.length === sst.summary.blocks, 'the table has another number of blocks');
  table.forEach((facts, index) => {
    for (const [name, value] of Object.entries(facts)) {
      if (name === 'firstKey' || name === 'statistics') continue;
      expectThat(Number.isSafeInteger(value), `block ${index} has a bad ${name}: ${String(value)}`);
    }
    const before = table[index - 1];
    expectThat(facts.ordinal === index && facts.offset === offset, `block ${index} is out of its place`);
    expectThat(facts.bytes > 0 && facts.rows > 0 && facts.rawBytes > 0, `block ${index} has nothing`);
    expectThat(
      before === undefined || compareBytes(before.firstKey, facts.firstKey) <= 0,
      'blocks are out of order',
    );
    offset += facts.bytes;
  });
  expectThat(offset + sst.summary.tailBytes === sst.summary.bytes, 'blocks do not tile the file');
}
