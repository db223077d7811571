/**
 * Components: parts of a history that share no key, and so are judged apart.
 *
 * Linearizability is local (Herlihy and Wing, 1990): the whole has an order if and only if every part has one. What
 * takes exponential time in the worst case takes it in the size of a part.
 */
import type { PreparedOperation } from '../prepared-operation.ts';

/** Returns the components of a history, each in the order of the history. Operations without a key are in none. */
export function componentsOf(operations: readonly PreparedOperation[]): PreparedOperation[][] {
  const parents = new Map<string, string>();
  const rootOf = (key: string): string => {
    let root = key;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(key, root);
    return root;
  };
  for (const operation of operations) {
    const [first, ...others] = keysOf(operation);
    if (first === undefined) continue;
    for (const other of others) parents.set(rootOf(other), rootOf(first));
  }
  const components = new Map<string, PreparedOperation[]>();
  for (const operation of operations) {
    const [first] = keysOf(operation);
    if (first === undefined) continue;
    const root = rootOf(first);
    const component = components.get(root);
    if (component === undefined) components.set(root, [operation]);
    else component.push(operation);
  }
  return [...components.values()];
}

/** Returns the keys that an operation reads or writes. */
export function keysOf({ reads, writes }: PreparedOperation): string[] {
  return [...reads.map(({ key }) => key), ...writes.keys()];
}
