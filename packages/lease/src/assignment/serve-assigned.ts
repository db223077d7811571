/**
 * The reconciler: makes what a session holds what its plan says.
 *
 *     planned, not held    acquire, then serve until the plan says otherwise or the lease is lost
 *     held, leaving        tell whoever serves it; when that has returned, hand over
 *     held, not planned    the same, and release
 *     mine by the registers, and not held here      a stray: give it back, or serve it if it is planned
 *
 * Invariants:
 * - A resource is handed over only after whoever served it has returned, or its time was over: then the lease is lost
 *   first, and the token keeps out what is still on its way.
 * - Whatever is being served when the reconciler ends has been told to leave, and is released. From then on nothing else is
 *   taken; what a claim on its way still brings is given back unserved.
 * - A resource that is out of reach is not in the way of those behind it in the plan.
 */
import { isClorthoError } from '@clortho/base';
import type { Lease } from '../lease/lease.ts';
import { decodeLease } from '../lease/lease-record.ts';
import { checkedGroup, planPrefix, RESOURCE_PREFIX, resourceKey } from '../record/keys.ts';
import { isPassing } from '../record/register-line.ts';
import type { LeaseSession } from '../session/lease-session.ts';
import type { SessionId } from '../session/session-record.ts';
import { withEither } from '../time/either-signal.ts';
import { pause } from '../time/pause.ts';
import { checkedMs } from '../time/sleep-long.ts';
import { decodePlan, type PlanRecord } from './plan-record.ts';
import { type Answered, whileAnswered } from './while-answered.ts';

/** How a session serves what it is assigned. */
export interface ServeOptions {
  /** The group, as in the attribute `group` of the session and for its assigner. */
  readonly group: string;
  /**
   * Serves a resource for as long as its lease is valid and `leaving` has not aborted; then it finishes its work, within
   * `handOverMs`, and returns. When it returns before, the resource is given up and taken again with a later look. What
   * `lease.assertValid` throws once the lease is lost is no error here.
   */
  readonly serve: (lease: Lease, leaving: AbortSignal) => Promise<void>;
  /** From one look at the plan to the next; 1,000 by default. */
  readonly intervalMs?: number | undefined;
  /** How long `serve` may take after it was told to leave; 30,000 by default. */
  readonly handOverMs?: number | undefined;
  /** From one look for strays to the next; 30,000 by default. */
  readonly strayMs?: number | undefined;
  /** Ends it; that is not an error. */
  readonly signal?: AbortSignal | undefined;
}

const INTERVAL_MS = 1000;
const HAND_OVER_MS = 30_000;
const STRAY_MS = 30_000;
const NOTHING: PlanRecord = { token: 0, resources: [], leaving: [] };

/**
 * Serves what the assigner of a group assigns to this session. Returns when `signal` aborts or the session is over, and
 * all that was served has returned or run out of time. What
 * the registers do not answer is given up, and tried again with the next look.
 *
 * Resources whose registers are unreadable are told as events and passed over.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED` if its own plan is unreadable; `CLORTHO_INVALID`; what
 *   `serve` throws, after all has been given up.
 */
export async function serveAssigned(session: LeaseSession, options: ServeOptions): Promise<void> {
  const { group, intervalMs = INTERVAL_MS, handOverMs = HAND_OVER_MS, strayMs = STRAY_MS } = options;
  checkedGroup(group);
  for (const [name, ms] of Object.entries({ intervalMs, handOverMs, strayMs })) checkedMs(name, ms);
  const reconciler = new Reconciler(session, options);
  try {
    await reconciler.run();
  } finally {
    await reconciler.leaveAll();
  }
}

interface Served {
  readonly lease: Lease;
  readonly leaving: AbortController;
  readonly over: Promise<void>;
}

class Reconciler {
  readonly #session: LeaseSession;
  readonly #options: ServeOptions;
  readonly #served = new Map<string, Served>();
  readonly #failure = new AbortController();
  #lookedForStraysMs: number;

  constructor(session: LeaseSession, options: ServeOptions) {
    this.#session = session;
    this.#options = options;
    this.#lookedForStraysMs = session.clock.monotonic();
  }

  async run(): Promise<void> {
    const { clock } = this.#session;
    const { signal, intervalMs = INTERVAL_MS } = this.#options;
    const isOver = (): boolean => this.#session.ended !== undefined || signal?.aborted === true;
    while (!isOver()) {
      try {
        await withEither(this.#session.signal, signal, (either) => this.#reconcile(either));
      } catch (error) {
        if (isOver()) return;
        // Out of reach: what is held is served on, for as long as it is valid.
        if (!isPassing(error)) throw error;
      }
      if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
      await pause(clock, intervalMs, this.#session.signal, signal);
    }
  }

  /** Tells everybody to leave, and waits for them. */
  async leaveAll(): Promise<void> {
    for (const { leaving } of this.#served.values()) leaving.abort();
    await Promise.all([...this.#served.values()].map(({ over }) => over));
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    const session = this.#session;
    const plan = await this.#readPlan(signal);
    const wanted = new Set(plan.resources);
    for (const [resource, { leaving }] of this.#served) if (!wanted.has(resource)) leaving.abort();
    for (const resource of wanted) {
      if (signal.aborted) return;
      if (this.#served.has(resource) || session.held.has(resource)) continue;
      await this.#take(resource, signal);
    }
    await this.#lookForStrays(wanted, signal);
  }

  /** Takes a resource if it is to be had, and serves it; one that is not is not in the way of the others. */
  async #take(resource: string, signal: AbortSignal): Promise<void> {
    let lease: Lease | undefined;
    try {
      // Not to be cancelled: of a claim on its way it would stay unknown what became of it.
      lease = await this.#session.tryAcquire(resource);
    } catch (error) {
      // Out of reach: it is tried again with the next look.
      if (!isPassing(error)) this.#session.passOver(resourceKey(resource), error);
    }
    if (lease === undefined) return;
    if (signal.aborted) await lease.release();
    else this.#serve(lease);
  }

  async #readPlan(signal: AbortSignal): Promise<PlanRecord> {
    const key = planPrefix(this.#options.group) + this.#session.name;
    const { clock, registers, timing } = this.#session;
    const [register] = await whileAnswered(clock, timing.attemptMs, signal, ({ signal }) =>
      registers.read([key], { signal }),
    );
    return register === undefined ? NOTHING : decodePlan(register.value, key);
  }

  #serve(lease: Lease): void {
    const leaving = new AbortController();
    const served: Served = { lease, leaving, over: this.#serveUntilOver(lease, leaving.signal) };
    this.#served.set(lease.resource, served);
  }

  /** Never rejects: what goes wrong ends the reconciler. */
  async #serveUntilOver(lease: Lease, leaving: AbortSignal): Promise<void> {
    const { handOverMs = HAND_OVER_MS } = this.#options;
    const patience = new AbortController();
    try {
      const serving = this.#work(lease, leaving);
      const late = whenAborted(leaving, patience.signal).then(() =>
        pause(this.#session.clock, handOverMs, patience.signal, this.#session.signal),
      );
      await Promise.race([serving, late]);
      // One that is late is told by the end of its lease, and its errors are still looked at.
      serving.catch((error: unknown) => this.#failure.abort(error));
      await this.#letGo(lease);
    } catch (error) {
      this.#failure.abort(error);
      await lease.release().catch((cause: unknown) => this.#failure.abort(cause));
    } finally {
      patience.abort();
      this.#served.delete(lease.resource);
    }
  }

  /** Serves; work that ends because its lease has is done like any other. */
  async #work(lease: Lease, leaving: AbortSignal): Promise<void> {
    try {
      await this.#options.serve(lease, leaving);
    } catch (error) {
      const isTold = isClorthoError(error, 'CLORTHO_FENCED') || isClorthoError(error, 'CLORTHO_CLOSED');
      if (!isTold || lease.valid) throw error;
    }
  }

  /** Hands over to whom the plan says, or releases. */
  async #letGo(lease: Lease): Promise<void> {
    if (!lease.valid) return;
    try {
      const { leaving } = await this.#readPlan(lease.signal);
      const to = leaving.find(([resource]) => resource === lease.resource)?.[1] ?? lease.offeredTo;
      if (to !== undefined && to !== this.#session.name) {
        await lease.handOver(to);
        return;
      }
    } catch (error) {
      // The one who should have it is gone, or nobody can be reached: then it is free for all.
      const isGone = isClorthoError(error, 'CLORTHO_NOT_FOUND') || isPassing(error) || !lease.valid;
      if (!isGone) throw error;
    }
    await lease.release();
  }

  async #lookForStrays(wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#session;
    const { strayMs = STRAY_MS } = this.#options;
    if (clock.monotonic() - this.#lookedForStraysMs < strayMs) return;
    this.#lookedForStraysMs = clock.monotonic();
    await whileAnswered(clock, timing.durationMs, signal, (answered) => this.#disownStrays(wanted, answered));
  }

  async #disownStrays(wanted: ReadonlySet<string>, { signal, heard }: Answered): Promise<void> {
    const { id, registers } = this.#session;
    for await (const { key, value } of registers.list(RESOURCE_PREFIX, { signal })) {
      heard();
      const resource = key.slice(RESOURCE_PREFIX.length);
      const owner = this.#ownerIn(value, key);
      const isMine = owner?.name === id.name && owner.generation === id.generation;
      if (isMine && !wanted.has(resource) && !this.#session.held.has(resource))
        this.#session.disown(resource);
    }
  }

  #ownerIn(value: Uint8Array, key: string): SessionId | undefined {
    try {
      return decodeLease(value, key).owner;
    } catch (error) {
      this.#session.passOver(key, error);
      return undefined;
    }
  }
}

/** Resolves when one of two signals aborts. */
function whenAborted(signal: AbortSignal, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const onAbort = (): void => {
      signal.removeEventListener('abort', onAbort);
      until.removeEventListener('abort', onAbort);
      resolve();
    };
    signal.addEventListener('abort', onAbort);
    until.addEventListener('abort', onAbort);
  });
}
