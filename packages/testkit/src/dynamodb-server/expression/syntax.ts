/** What expressions mean once they are parsed. */
import type { AttributeValue } from '../attribute-value.ts';

/** Where an attribute is: names of attributes and map entries, indexes of list elements. */
export type Path = readonly [string, ...(string | number)[]];

/** Something that has a value. */
export type Operand =
  | { readonly kind: 'value'; readonly value: AttributeValue }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'size'; readonly path: Path };

/** The comparison operators. */
export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** Something that is true or not of an item. */
export type Condition =
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'between'; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly candidates: readonly Operand[] }
  | { readonly kind: 'exists'; readonly path: Path; readonly wanted: boolean }
  | { readonly kind: 'type'; readonly path: Path; readonly type: Operand }
  | { readonly kind: 'beginsWith'; readonly operand: Operand; readonly start: Operand }
  | { readonly kind: 'contains'; readonly operand: Operand; readonly member: Operand }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

/** The right side of a SET. */
export type Assigned =
  | Operand
  | { readonly kind: 'plus' | 'minus'; readonly left: Assigned; readonly right: Assigned }
  | { readonly kind: 'listAppend'; readonly left: Assigned; readonly right: Assigned }
  | { readonly kind: 'ifNotExists'; readonly path: Path; readonly otherwise: Assigned };

/** What an update does, in no particular order: all operands are read from the item before it. */
export interface Update {
  readonly set: readonly { readonly path: Path; readonly assigned: Assigned }[];
  readonly remove: readonly Path[];
  readonly add: readonly { readonly path: Path; readonly value: AttributeValue }[];
  readonly delete: readonly { readonly path: Path; readonly value: AttributeValue }[];
}
