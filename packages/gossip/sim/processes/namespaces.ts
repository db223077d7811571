/**
 * Network namespaces: every member has an interface of its own, all on one bridge or, when the network is split, on two.
 *
 *     namespace i ── veth ── bridge 0 or 1        10.77.x.y/16
 */
import { execFileSync } from 'node:child_process';

/** Namespaces of a run. */
export interface Namespaces {
  /** Returns the address of a member, and the words that enter its namespace. */
  placeOf(index: number): { readonly bind: string; readonly prefix: readonly string[] };
  /** Moves every second member to the other bridge, or back. */
  split(isSplit: boolean): Promise<void>;
  /** Removes everything. */
  remove(): void;
}

const PORT = 7946;

/** Makes namespaces, or says why the system does not allow it. */
export function createNamespaces(count: number): Namespaces | string {
  const tag = `cg${process.pid % 10_000}`;
  const names = Array.from({ length: count }, (_, index) => `${tag}n${index}`);
  const made: string[][] = [];
  const ip = (...parameters: string[]): void => {
    execFileSync('ip', parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const make = (remove: string[], ...parameters: string[]): void => {
    ip(...parameters);
    made.unshift(remove);
  };
  const remove = (): void => {
    for (const parameters of made.splice(0)) ip(...parameters);
  };
  const hostOf = (index: number): string => `10.77.${Math.floor(index / 250)}.${1 + (index % 250)}`;
  try {
    for (const side of [0, 1]) {
      make(['link', 'del', `${tag}b${side}`], 'link', 'add', `${tag}b${side}`, 'type', 'bridge');
      ip('link', 'set', `${tag}b${side}`, 'up');
    }
    for (const [index, name] of names.entries()) {
      make(['netns', 'del', name], 'netns', 'add', name);
      ip('link', 'add', `${tag}v${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('link', 'set', `${tag}v${index}`, 'master', `${tag}b0`, 'up');
      ip('-n', name, 'addr', 'add', `${hostOf(index)}/16`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    remove();
    return error instanceof Error ? error.message.trim() : String(error);
  }
  return {
    placeOf: (index) => ({
      bind: `${hostOf(index)}:${PORT}`,
      prefix: ['ip', 'netns', 'exec', names[index] as string],
    }),
    split(isSplit: boolean) {
      for (let index = 1; index < count; index += 2)
        ip('link', 'set', `${tag}v${index}`, 'master', `${tag}b${isSplit ? 1 : 0}`);
      return Promise.resolve();
    },
    remove,
  };
}
