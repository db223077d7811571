/** Which sessions there are, as the registers have them. */
import type { RegisterStore } from '@clortho/registers';
import { SESSION_PREFIX } from '../record/keys.ts';
import { decodeSession, type SessionRecord } from '../session/session-record.ts';
import type { ListOptions } from './list-leases.ts';

/** One session. */
export interface ListedSession
  extends Pick<SessionRecord, 'generation' | 'settled' | 'state' | 'beat' | 'durationMs' | 'attributes'> {
  readonly name: string;
}

/**
 * Yields all sessions by name, ended ones too; each is current, together they are no snapshot. A session that is `live`
 * may have crashed: only the observation of its beat tells, for as long as its duration.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; what the registers say.
 */
export async function* listSessions(
  registers: RegisterStore,
  options: ListOptions = {},
): AsyncGenerator<ListedSession, void, undefined> {
  for await (const { key, value } of registers.list(SESSION_PREFIX, options)) {
    const { generation, settled, state, beat, durationMs, attributes } = decodeSession(value, key);
    yield {
      name: key.slice(SESSION_PREFIX.length),
      generation,
      settled,
      state,
      beat,
      durationMs,
      attributes,
    };
  }
}
