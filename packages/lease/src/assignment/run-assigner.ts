/**
 * The assigner of a group: whoever leads it looks at sessions and leases, decides by {@link place}, and publishes what
 * every session should hold.
 *
 *     campaign ──► who is alive? who has what? what was planned? ──► place ──► write the plans that change ──► wait
 *                       ▲                                                                                  │
 *                       └──────────────────────────────────────────────────────────────────────────────────┘
 *
 * A round that nothing answers is given up, and the next one begins.
 *
 * Invariants:
 * - A plan is a wish. What makes an owner is a lease, so a wrong or old plan makes nobody a second one.
 * - Resources of a session that is over are placed at once; balancing waits until nobody has come for a while, and moves
 *   a few at a time.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import type { Register } from '@clortho/registers';
import type { Lease } from '../lease/lease.ts';
import { decodeLease } from '../lease/lease-record.ts';
import {
  type PlacementNode,
  type PlacementOptions,
  type PlacementResource,
  place,
} from '../placement/place.ts';
import {
  checkedGroup,
  checkedResource,
  planPrefix,
  RESOURCE_PREFIX,
  SESSION_PREFIX,
} from '../record/keys.ts';
import { isPassing } from '../record/register-line.ts';
import type { LeaseSession } from '../session/lease-session.ts';
import { withEither } from '../time/either-signal.ts';
import { pause } from '../time/pause.ts';
import { checkedMs } from '../time/sleep-long.ts';
import { decodePlan, encodePlan, type PlanRecord } from './plan-record.ts';
import { type Answered, unlessAborted, whileAnswered } from './while-answered.ts';

/** What an assigner assigns, and how. */
export interface AssignerOptions extends Pick<PlacementOptions, 'tolerance' | 'damping'> {
  /** Names the sessions that serve the resources: those with the attribute `group` of this value. */
  readonly group: string;
  /** Returns what is to be assigned. Called with every round, and not waited for when its signal has aborted. */
  readonly resources: (signal: AbortSignal) => Promise<readonly Pick<PlacementResource, 'name' | 'load'>[]>;
  /** From one round to the next; 2,000 by default. */
  readonly intervalMs?: number | undefined;
  /**
   * How long a round waits for one answer, of the registers or of `resources`, before it is given up; the duration of the
   * session by default.
   */
  readonly answerMs?: number | undefined;
  /** How long nobody must have come or gone before what is held is balanced; 5,000 by default. */
  readonly settleMs?: number | undefined;
  /** How many held resources may be on their way at a time; by default a tenth of all, 1 to 16. */
  readonly movesMax?: number | undefined;
  /** Ends it; that is not an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The resource whose lease makes an assigner. */
export function assignerResource(group: string): string {
  return `assigner/${group}`;
}

/** What is said of work whose lease or whose signal has ended. */
const ENDS = ['CLORTHO_FENCED', 'CLORTHO_CLOSED', 'CLORTHO_ABORTED'] as const;
const INTERVAL_MS = 2000;
const SETTLE_MS = 5000;

/**
 * Assigns for as long as this session leads the group, and stands by while another one does. Returns when `signal` aborts
 * or the session is closed.
 *
 * A session takes part by its attributes: `group`, and optionally `weight` (a number) and `drain` (`yes`).
 *
 * Registers that are unreadable are told as events and passed over; a session whose plan is one of them gets nothing.
 *
 * @throws {ClorthoError} what `resources` throws; `CLORTHO_FENCED` if the session was replaced; `CLORTHO_INVALID`;
 *   `CLORTHO_CORRUPT` if the lease of the assigner itself is unreadable.
 */
export async function runAssigner(session: LeaseSession, options: AssignerOptions): Promise<void> {
  const { signal, intervalMs = INTERVAL_MS, settleMs = SETTLE_MS } = options;
  const { answerMs = session.timing.durationMs } = options;
  checkedGroup(options.group);
  checkedMs('intervalMs', intervalMs);
  checkedMs('settleMs', settleMs);
  checkedMs('answerMs', answerMs);
  for await (const term of session.campaign(assignerResource(options.group), { signal })) {
    const assigner = new Assigner(session, term, options);
    for (let isOn = true; isOn && term.valid; isOn = signal?.aborted !== true) {
      let waitMs = intervalMs;
      try {
        await withEither(term.signal, signal, (either) =>
          whileAnswered(session.clock, answerMs, either, (answered) => assigner.round(answered)),
        );
      } catch (error) {
        const isOver = !term.valid || signal?.aborted === true;
        if (!isPassing(error) && !(isOver && ENDS.some((code) => isClorthoError(error, code)))) throw error;
        waitMs = intervalMs / 4;
      }
      await pause(session.clock, waitMs, term.signal, signal);
    }
  }
}

interface StoredPlan extends PlanRecord {
  readonly version: number;
}

/** In the place of a plan that cannot be read, nor be overwritten. */
const UNREADABLE = 'unreadable';

/** The plans of a group, by session. */
type Plans = ReadonlyMap<string, StoredPlan | typeof UNREADABLE>;

const NO_PLAN: StoredPlan = { token: 0, resources: [], leaving: [], version: 0 };

/** One term of an assigner. */
class Assigner {
  readonly #session: LeaseSession;
  readonly #term: Lease;
  readonly #options: AssignerOptions;
  readonly #prefix: string;
  #members = '';
  #changedMs: number;

  constructor(session: LeaseSession, term: Lease, options: AssignerOptions) {
    this.#session = session;
    this.#term = term;
    this.#options = options;
    this.#prefix = planPrefix(options.group);
    this.#changedMs = session.clock.monotonic();
  }

  /** Looks, decides and publishes once. */
  async round(answered: Answered): Promise<void> {
    const { clock } = this.#session;
    const { settleMs = SETTLE_MS, tolerance, damping } = this.#options;
    const plans = await this.#readPlans(answered);
    const nodes = (await this.#liveMembers(answered)).filter(({ name }) => plans.get(name) !== UNREADABLE);
    const members = nodes.map(({ name }) => name).join('\n');
    if (members !== this.#members) this.#changedMs = clock.monotonic();
    this.#members = members;
    const isSettled = clock.monotonic() - this.#changedMs >= settleMs;
    const owners = await this.#owners(answered);
    const planned = plannedNodes(plans);
    const { signal } = answered;
    const wanted = await unlessAborted(signal, () => this.#options.resources(signal));
    answered.heard();
    for (const { name } of wanted) checkedResource(name);
    const resources = wanted.map(({ name, load }) => ({
      name,
      load,
      node: planned.get(name) ?? owners.get(name),
    }));
    // What is still on its way counts, or every round would send more.
    const moving = resources.filter(({ name, node }) => {
      const owner = owners.get(name);
      return owner !== undefined && node !== undefined && owner !== node;
    }).length;
    const limit = this.#options.movesMax ?? Math.max(1, Math.min(16, Math.floor(wanted.length / 10)));
    const movesMax =
      isSettled || nodes.some(({ draining }) => draining === true) ? Math.max(0, limit - moving) : 0;
    const placement = place(resources, nodes, { movesMax, tolerance, damping });
    await this.#publish(plans, placement.nodes, owners, nodes, answered);
  }

  /** Returns the sessions of the group that are alive, and ends those that gave no sign of life. */
  async #liveMembers(answered: Answered): Promise<PlacementNode[]> {
    const { observer } = this.#session;
    const nodes: PlacementNode[] = [];
    for await (const register of this.#list(SESSION_PREFIX, answered)) {
      const name = register.key.slice(SESSION_PREFIX.length);
      // What another process wrote must not stop the assigner, and nor must what it says of itself.
      const sight = await this.#passingOver(register, () => observer.judge(name, register, answered.signal));
      const record = sight?.record;
      if (record?.state !== 'live' || record.attributes['group'] !== this.#options.group) continue;
      const weight = Number(record.attributes['weight'] ?? 1);
      const usable = weight > 0 && Number.isFinite(weight) ? weight : 1;
      nodes.push({ name, weight: usable, draining: record.attributes['drain'] === 'yes' });
    }
    return nodes;
  }

  async #readPlans(answered: Answered): Promise<Plans> {
    const plans = new Map<string, StoredPlan | typeof UNREADABLE>();
    for await (const register of this.#list(this.#prefix, answered)) {
      const plan = await this.#passingOver(register, () => stored(register));
      plans.set(register.key.slice(this.#prefix.length), plan ?? UNREADABLE);
    }
    return plans;
  }

  async #owners(answered: Answered): Promise<Map<string, string>> {
    const owners = new Map<string, string>();
    for await (const register of this.#list(RESOURCE_PREFIX, answered)) {
      const lease = await this.#passingOver(register, () => decodeLease(register.value, register.key));
      if (lease?.owner !== undefined)
        owners.set(register.key.slice(RESOURCE_PREFIX.length), lease.owner.name);
    }
    return owners;
  }

  async *#list(prefix: string, { signal, heard }: Answered): AsyncGenerator<Register, void, undefined> {
    for await (const register of this.#session.registers.list(prefix, { signal })) {
      heard();
      yield register;
    }
    heard();
  }

  /** Returns what a register says, `undefined` if it is unreadable. */
  async #passingOver<T>({ key }: Register, read: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#session.passOver(key, error);
      return undefined;
    }
  }

  async #publish(
    plans: Plans,
    placed: ReadonlyMap<string, string>,
    owners: ReadonlyMap<string, string>,
    nodes: readonly PlacementNode[],
    answered: Answered,
  ): Promise<void> {
    const resources = new Map<string, string[]>();
    const leaving = new Map<string, [string, string][]>();
    for (const [resource, node] of placed) {
      const owner = owners.get(resource);
      addTo(resources, node, resource);
      if (owner !== undefined && owner !== node) addTo(leaving, owner, [resource, node]);
    }
    const names = new Set([...plans.keys(), ...nodes.map(({ name }) => name)]);
    for (const name of names) {
      const next = { resources: resources.get(name) ?? [], leaving: leaving.get(name) ?? [] };
      const plan = plans.get(name) ?? NO_PLAN;
      if (plan !== UNREADABLE && !isSamePlan(plan, next)) await this.#write(name, plan, next, answered);
    }
  }

  /** Replaces a plan. Fenced: by the token in it, and where the registers can, by a check of the lease, too. */
  async #write(
    name: string,
    before: StoredPlan,
    next: Omit<PlanRecord, 'token'>,
    { signal, heard }: Answered,
  ): Promise<void> {
    const { registers } = this.#session;
    const { token } = this.#term;
    if (before.token > token)
      throw new ClorthoError('CLORTHO_FENCED', `a later assigner has planned: name=${name}`);
    const check = this.#term.check();
    const change = {
      key: this.#prefix + name,
      expect: before.version,
      value: encodePlan({ token, ...next }),
    };
    // A refusal is for the next round, which reads all plans again.
    await registers.compareAndSwap(registers.supports.atomicMany ? [change, check] : [change], { signal });
    heard();
  }
}

function stored({ key, version, value }: Register): StoredPlan {
  return { ...decodePlan(value, key), version };
}

function plannedNodes(plans: Plans): Map<string, string> {
  const nodes = new Map<string, string>();
  const readable = [...plans].flatMap(([name, plan]) => (plan === UNREADABLE ? [] : [{ ...plan, name }]));
  // Were a resource in two plans, the later assigner knew better.
  const byToken = readable.sort((left, right) => left.token - right.token);
  for (const { name, resources } of byToken) for (const resource of resources) nodes.set(resource, name);
  return nodes;
}

function addTo<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

function isSamePlan(left: Omit<PlanRecord, 'token'>, right: Omit<PlanRecord, 'token'>): boolean {
  const text = ({ resources, leaving }: Omit<PlanRecord, 'token'>): string =>
    JSON.stringify([resources, leaving]);
  return text(left) === text(right);
}
