/** Runs the built command as a shell would. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built entry: the tests need a build, as every use of another package does. */
export const BIN: string = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

/** What a call came to. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** How to call. */
export interface CliOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the process without warning after so many milliseconds. */
  readonly killAfterMs?: number;
}

/** Runs `clortho` with the arguments given. */
export function clortho(parameters: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { CLORTHO_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [BIN, ...parameters], {
    env: { ...inherited, ...options.environment },
  });
  const out: Buffer[] = [];
  const error: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
  child.stdin.end(options.input ?? '');
  const { killAfterMs } = options;
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString() });
    });
  });
}

/** Returns the last line of standard output as JSON. */
export function jsonOf({ out }: Pick<CliResult, 'out'>): unknown {
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
}

/** Calls `use` with a directory that is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'clortho-cli-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
