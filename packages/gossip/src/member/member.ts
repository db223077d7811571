/** A member as users see it. */
import type { MemberItem } from '../item/item.ts';
import { STATUS_NAMES, type StatusName } from './status.ts';

/** A member of the cluster. */
export interface Member {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly status: StatusName;
  /** Which start of the member. */
  readonly generation: number;
  /** How often it had to say that it lives. */
  readonly incarnation: number;
}

/** Returns the member that a fact is about. */
export function memberOf({ name, address, status, gen, inc }: MemberItem): Member {
  return {
    name,
    address,
    status: STATUS_NAMES[status] as StatusName,
    generation: gen,
    incarnation: inc,
  };
}
