/** The verdict over a file. */
import type { ClorthoError } from '@clortho/base';
import { showProgress } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { SstInspection } from './inspect-sst.ts';
import { isDamage } from './is-damage.ts';

/** What checking a file came to. */
export interface SstVerdict {
  /** `unverified`: nothing is known to be wrong, and nobody looked at every row. */
  readonly state: 'whole' | 'damaged' | 'unverified';
  /** What is wrong, in the order of the file. */
  readonly damage: readonly ClorthoError[];
}

/**
 * Reads and checks every row of a file whose parts and blocks are sound so far; shows how far it is.
 *
 * @throws {ClorthoError} what is not about the bytes of the file.
 */
export async function verifySst(
  terminal: Terminal,
  { contents, damage, layout }: SstInspection,
): Promise<SstVerdict> {
  if (damage.length > 0 || contents === undefined) return { state: 'damaged', damage };
  const total = layout.parts[0]?.bytes ?? 0;
  const progress = showProgress(terminal, { title: 'verifying', unit: 'bytes', total });
  try {
    await contents.sst.verify(undefined, (bytes) => progress.update(bytes));
    return { state: 'whole', damage: [] };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { state: 'damaged', damage: [error] };
  } finally {
    progress.stop();
  }
}
