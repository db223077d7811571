/**
 * The terminal of this process.
 *
 * Invariants:
 * - A reader that goes away (`clortho scan | head`) ends the process quietly.
 * - `NO_COLOR`, a dumb terminal or a pipe turn colours off (https://no-color.org).
 */
import { once } from 'node:events';
import type { Terminal } from './terminal.ts';

const COLUMNS_DEFAULT = 100;

/** Returns a terminal over the streams of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    line(text = '') {
      stdout.write(`${text}\n`);
    },
    async write(text) {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    error(text) {
      stderr.write(`${text}\n`);
    },
    isInteractive: stderr.isTTY && env['TERM'] !== 'dumb',
    hasColour: stdout.isTTY && !isPlain,
    columns: stdout.columns ?? COLUMNS_DEFAULT,
  };
}
