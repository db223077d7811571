/**
 * Mutants: the package with one rule broken, which the simulation must catch.
 *
 * Each is a replacement in one compiled file of a copy, so the code itself knows nothing of them. What is to be replaced
 * must be there exactly once: the mutant has to follow the code.
 */

/** One broken rule. */
export interface Mutant {
  readonly name: string;
  /** The compiled file, from the `dist` of the package. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Within how many runs it must be caught. */
  readonly runsMax: number;
}

/** All mutants. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'validity counts from the response',
    file: 'session/session-register.js',
    find: 'return this.#renewedAt(sent);',
    replace: 'return this.#renewedAt(ownerNow());',
    runsMax: 1000,
  },
  {
    name: 'claims carry no nonce',
    file: 'session/lease-session-options.js',
    find: 'return half() + half();',
    replace: "return '0000000000000000';",
    runsMax: 1000,
  },
  {
    name: 'a refusal after a lost reply is taken as lost',
    file: 'record/register-line.js',
    find: 'return outcome.applied || !isInDoubt ? outcome : compare(change, outcome.register);',
    replace: 'return outcome;',
    runsMax: 1000,
  },
  {
    name: 'a renewal is conditioned on the version of the record',
    file: 'session/session-register.js',
    find: 'const lost = this.#adopt(outcome.register);',
    replace: "const lost = this.#adopt(outcome.register) ?? 'fenced';",
    runsMax: 1000,
  },
  {
    name: 'a release forgets the token, as a deleted register would',
    file: 'lease/holdings.js',
    find: '{ owner: undefined, token: lease.token }',
    replace: '{ owner: undefined, token: 0 }',
    runsMax: 1000,
  },
  {
    name: 'suspends are ignored',
    file: 'time/waking-time.js',
    find: 'const JUMP_MS_MIN = 10;',
    replace: 'const JUMP_MS_MIN = Infinity;',
    runsMax: 1000,
  },
  {
    name: 'an observer counts the time that it slept',
    file: 'session/lease-session.js',
    find: 'const observerNow = () => clock.monotonic();',
    replace: 'const observerNow = () => this.#validity.now().ms;',
    runsMax: 3000,
  },
  {
    name: 'an observer waits for half of a duration',
    file: 'session/session-observer.js',
    find: 'seen.sinceMs + durationMs',
    replace: 'seen.sinceMs + durationMs / 2',
    runsMax: 1000,
  },
  {
    name: 'an observer waits for its own duration less the guard',
    file: 'session/session-observer.js',
    find: 'seen.sinceMs + durationMs',
    replace: 'seen.sinceMs + durationMs - 100',
    runsMax: 3000,
  },
  {
    name: 'a process that takes a name over ends the earlier generation at once',
    file: 'session/session-register.js',
    find: 'const settled = isOwn && previous.settled >= previous.generation ? generation : previous.settled;',
    replace: 'const settled = generation;',
    runsMax: 1000,
  },
  {
    name: 'an observer takes all but the last generation for over at once',
    file: 'session/session-observer.js',
    find: 'open.sinceMs + longestMs',
    replace: 'open.sinceMs',
    runsMax: 1000,
  },
  {
    name: 'an observer waits for silence only, whatever crashes and comes back',
    file: 'session/session-observer.js',
    find: 'open.sinceMs + longestMs',
    replace: 'Infinity',
    runsMax: 1000,
  },
  {
    name: 'a session that ends takes earlier generations for over',
    file: 'session/session-register.js',
    find: 'const over = settled === generation ? generation + 1 : settled;',
    replace: 'const over = generation + 1;',
    runsMax: 3000,
  },
  {
    name: 'a claim keeps the token',
    file: 'lease/holdings.js',
    find: 'const token = (record?.token ?? 0) + 1;',
    replace: 'const token = record?.token ?? 1;',
    runsMax: 1000,
  },
  {
    name: 'a claim of a generation that is over makes a lease',
    file: 'lease/holdings.js',
    find: 'if (this.#holder.me()?.generation !== me.generation)',
    replace: 'if (this.#holder.me()?.generation < 0)',
    runsMax: 3000,
  },
  {
    name: 'a lost lease aborts no signal',
    file: 'lease/lease.js',
    find: 'this.#abort?.abort(this.#error(reason));',
    replace: '',
    runsMax: 1000,
  },
  {
    name: 'leases that end with their session are valid until it is their turn',
    file: 'lease/lease.js',
    find: 'this.#host.endNow(this);',
    replace: '{}',
    runsMax: 1000,
  },
  {
    name: 'a lease is checked in no write',
    file: 'lease/lease.js',
    find: 'expect: this.version };',
    replace: "expect: 0, key: 'nothing' };",
    runsMax: 3000,
  },
];
