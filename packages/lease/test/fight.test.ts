/** A short fight of real processes; `pnpm fight:lease` has one of a minute. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/fight.mjs', import.meta.url));

it.concurrent.each(['lmdb', 'dynamodb'])(
  'no resource in %s is ever granted twice to processes that are stopped, killed and cut off',
  async (registers) => {
    const parameters = ['--registers', registers, '--seconds', '10', '--processes', '4', '--resources', '16'];
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...parameters], {
      timeout: 90_000,
    });
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
    expect(result).toMatchObject({ problems: 0, writes: expect.any(Number) });
    expect((result['stopped'] ?? 0) + (result['killed'] ?? 0) + (result['cut'] ?? 0)).toBeGreaterThan(0);
  },
  100_000,
);
