/** Reading and projecting along document paths. */
import type { AttributeValue, Item } from '../attribute-value.ts';
import type { Path } from './syntax.ts';

/** Returns the value at `path`, or `undefined` where there is none. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = item[path[0]];
  for (const segment of path.slice(1)) {
    if (value === undefined) return undefined;
    if (typeof segment === 'number') value = 'L' in value ? value.L[segment] : undefined;
    else value = 'M' in value ? value.M[segment] : undefined;
  }
  return value;
}

/** Returns the part of an item that `paths` name; list elements move together. */
export function project(item: Item, paths: readonly Path[]): Item {
  const root: Tree = new Map();
  for (const path of paths) {
    if (valueAt(item, path) !== undefined) plant(root, path);
  }
  const part = pick({ M: item }, root);
  return 'M' in part ? part.M : item;
}

/** The wanted part of a value by segment; an empty tree wants all of it. */
type Tree = Map<string | number, Tree>;

function plant(root: Tree, path: Path): void {
  let tree = root;
  for (const segment of path) {
    const next = tree.get(segment) ?? (new Map() as Tree);
    tree.set(segment, next);
    tree = next;
  }
}

function pick(value: AttributeValue, tree: Tree): AttributeValue {
  if ('M' in value) {
    const entries = [...tree].map(([segment, inner]) => {
      const member = value.M[segment] as AttributeValue;
      return [segment, inner.size === 0 ? member : pick(member, inner)] as const;
    });
    return { M: Object.fromEntries(entries) };
  }
  if (!('L' in value)) return value;
  const indexes = [...tree].sort(([left], [right]) => Number(left) - Number(right));
  return {
    L: indexes.map(([segment, inner]) => {
      const element = value.L[Number(segment)] as AttributeValue;
      return inner.size === 0 ? element : pick(element, inner);
    }),
  };
}
