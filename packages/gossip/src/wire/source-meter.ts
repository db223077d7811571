/**
 * Sources that send what is not authentic: after twenty such packets within ten seconds they are not listened to until the
 * ten seconds are over, so that forged packets do not keep a process busy with decryption.
 *
 * The source of a datagram can be forged too. So whoever sent something authentic within the last hour is never muted:
 * nobody can cut off a member by sending rubbish in its name. In a large cluster two members meet only now and then.
 *
 * Invariants:
 * - A bounded number of sources is remembered, good and bad ones apart, those that were quiet longest given up first.
 */

const BAD_MAX = 20;
const WINDOW_MS = 10_000;
const GOOD_MS = 3_600_000;
const BAD_SOURCES_MAX = 4096;
const GOOD_SOURCES_MAX = 32_768;

interface BadSource {
  count: number;
  since: number;
}

/** Counts bad packets by source. */
export class SourceMeter {
  readonly #bad = new Map<string, BadSource>();
  readonly #goodAt = new Map<string, number>();

  /** Tells whether a source is not listened to. */
  isMuted(name: string, now: number): boolean {
    const source = this.#bad.get(name);
    if (source === undefined || source.count < BAD_MAX || now - source.since >= WINDOW_MS) return false;
    return now - (this.#goodAt.get(name) ?? Number.NEGATIVE_INFINITY) >= GOOD_MS;
  }

  /** Notes a packet that was not authentic. */
  bad(name: string, now: number): void {
    const known = this.#bad.get(name);
    const isOld = known === undefined || now - known.since >= WINDOW_MS;
    const source = isOld ? { count: 0, since: now } : known;
    source.count += 1;
    putLast(this.#bad, name, source, BAD_SOURCES_MAX);
  }

  /** Notes a packet that was. */
  good(name: string, now: number): void {
    putLast(this.#goodAt, name, now, GOOD_SOURCES_MAX);
  }
}

function putLast<V>(map: Map<string, V>, name: string, value: V, most: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
