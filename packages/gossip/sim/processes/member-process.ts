/** One member in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';

/** How to start a member. */
export interface MemberStart {
  /** The script of a member. */
  readonly script: string;
  readonly name: string;
  /** `host:port`. */
  readonly bind: string;
  readonly seeds: readonly string[];
  readonly loss: number;
  readonly tuning: Readonly<Record<string, number>>;
  /** Words before the command, such as those that enter a network namespace. */
  readonly prefix?: readonly string[] | undefined;
}

interface Answer {
  readonly id: number;
  readonly result: unknown;
}

const ANSWER_MS_MAX = 80_000;

/** A running member. */
export class MemberProcess {
  readonly name: string;
  /** Where it listens, once it has joined. */
  address = '';
  isStopped = false;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #id = 0;

  /** Starts a member; wait for {@link joined}. */
  constructor({ script, prefix = [], ...start }: MemberStart) {
    this.name = start.name;
    const [command, ...parameters] = [...prefix, process.execPath, script, JSON.stringify(start)];
    this.#child = spawn(command, parameters, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', ({ id, result }: Answer) => {
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** Resolves when the member has joined. */
  async joined(): Promise<this> {
    this.address = (await this.#answer(0)) as string;
    return this;
  }

  /** Returns what the member sees, as `name status`. */
  async members(): Promise<string[]> {
    return (await this.#ask({ type: 'members' })) as string[];
  }

  /** Returns a value of a member as this one sees it. */
  get(node: string, key: string): Promise<unknown> {
    return this.#ask({ type: 'get', node, key });
  }

  /** Sets a key. */
  async set(key: string, value: unknown): Promise<void> {
    await this.#ask({ type: 'set', key, value });
  }

  /** Neither sends to nor hears from these addresses from now on. */
  async block(addresses: readonly string[]): Promise<void> {
    await this.#ask({ type: 'block', addresses });
  }

  /** Sends a signal to the process. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(name);
    this.isStopped = name !== 'SIGCONT';
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => {
      this.#child.once('exit', resolve);
    });
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask(question: object): Promise<unknown> {
    this.#id += 1;
    const answer = this.#answer(this.#id);
    this.#child.send({ id: this.#id, ...question });
    return answer;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} does not answer`)), ANSWER_MS_MAX);
      this.#waiting.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
    });
  }
}
