import { expect, test } from 'vitest';
import { startSubject } from '../src/workload/subject.ts';

const HANGING = './support/hanging-subject.js';

test('a subject that gives no answer is killed, and so is one that does not end', async () => {
  const asked = await startSubject(HANGING, import.meta.url, {}, { answerMsMost: 5000 });
  await expect(asked.round()).rejects.toThrow('gave no answer for 5000 ms');
  await asked.end();
  const ending = await startSubject(HANGING, import.meta.url, {}, { answerMsMost: 5000 });
  await ending.end();
});
