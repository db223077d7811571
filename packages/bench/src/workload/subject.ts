/**
 * A subject of measurement: a process of its own, which works only while it is asked to.
 *
 *     bench                       subject
 *       │  fork, then its setup ──▶  │  prepares
 *       │  ◀── ready                 │
 *       │  'round' ─────────────▶    │  works
 *       │  ◀── what it came to       │           subjects that are compared take turns
 *       │  (disconnects) ───────▶    │  ends
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A running subject. */
export interface Subject<Outcome> {
  /** Lets it work once, at what `request` names if it does several things. One round at a time. */
  round(request?: string): Promise<Outcome>;
  /** Waits for its end. */
  end(): Promise<void>;
}

/** How a subject is run. */
export interface SubjectOptions {
  /** Flags of Node. */
  readonly execArgv?: readonly string[];
  /** A subject that does not answer for so long hangs: it is killed. Never by default. */
  readonly answerMsMost?: number;
}

/** Starts the module `path`, relative to `base`, and waits until it is ready. */
export async function startSubject<Outcome>(
  path: string,
  base: string,
  setup: object,
  { execArgv = [], answerMsMost }: SubjectOptions = {},
): Promise<Subject<Outcome>> {
  const module = fileURLToPath(new URL(path, base));
  const child = fork(module, [], { execArgv: [...execArgv], serialization: 'advanced' });
  const exited = once(child, 'exit');
  child.send(setup);
  await answer(child, answerMsMost);
  return {
    async round(request = 'round') {
      child.send(request);
      return ((await answer(child, answerMsMost)) ?? undefined) as Outcome;
    },
    async end() {
      if (child.connected) child.disconnect();
      const timer = killLater(child, answerMsMost);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** In the subject: prepares with the setup it was given, then does `round` whenever it is asked to. */
export async function beSubject(
  prepare: (setup: unknown) => Promise<{ round(request: unknown): Promise<unknown>; end(): Promise<void> }>,
): Promise<void> {
  const [setup] = (await once(process, 'message')) as [unknown];
  const { round, end } = await prepare(setup);
  // Nothing cannot be sent.
  const send = (message: unknown): void => void process.send?.(message ?? null);
  process.on('message', (request) => {
    round(request).then(send, (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  });
  process.on('disconnect', () => {
    end().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  send('ready');
}

async function answer(child: ChildProcess, msMost: number | undefined): Promise<unknown> {
  const ended = new AbortController();
  let isLate = false;
  const timer = killLater(child, msMost, () => {
    isLate = true;
  });
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal: ended.signal }).then(([code]: unknown[]) => {
        if (isLate) throw new Error(`a measured process gave no answer for ${msMost} ms`);
        throw new Error(`a measured process ended: code=${String(code)}`);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/** Kills a process after a while, if it may not take for ever. */
function killLater(
  child: ChildProcess,
  ms: number | undefined,
  onKill?: () => void,
): NodeJS.Timeout | undefined {
  if (ms === undefined) return undefined;
  return setTimeout(() => {
    onKill?.();
    child.kill('SIGKILL');
  }, ms);
}
