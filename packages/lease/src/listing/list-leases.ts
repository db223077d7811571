/** What can be leased, as the registers have it: who owns it, and the token. */
import type { RegisterStore } from '@clortho/registers';
import { decodeLease } from '../lease/lease-record.ts';
import { RESOURCE_PREFIX } from '../record/keys.ts';
import type { SessionId } from '../session/session-record.ts';

/** Options of a listing. */
export interface ListOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One resource. */
export interface ListedLease {
  readonly resource: string;
  /** `undefined` if it was released. Whether the owner is alive is for its session to say. */
  readonly owner: SessionId | undefined;
  /** Without an owner: the name of the session that it is kept for after a hand-over. */
  readonly next: string | undefined;
  /** The token of the last owner; 0 if there never was one. */
  readonly token: number;
  /** The version of the resource's register. */
  readonly version: number;
}

/**
 * Yields the resources whose names begin with `prefix`, in byte order; each is current, together they are no snapshot.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; what the registers say.
 */
export async function* listLeases(
  registers: RegisterStore,
  prefix = '',
  options: ListOptions = {},
): AsyncGenerator<ListedLease, void, undefined> {
  for await (const { key, version, value } of registers.list(RESOURCE_PREFIX + prefix, options)) {
    const { owner, token, next } = decodeLease(value, key);
    yield { resource: key.slice(RESOURCE_PREFIX.length), owner, next, token, version };
  }
}
