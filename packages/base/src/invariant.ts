/** Assertions that document what must hold; a failure is a bug of ours, never of the caller. */

/** Thrown by {@link invariant}: the program is in a state it must not act on. */
export class InvariantError extends Error {
  /** The value that broke the rule. */
  readonly fact: unknown;

  /** Creates the error for a broken rule. */
  constructor(text: string, fact: unknown) {
    super(fact === undefined ? `invariant broken: ${text}` : `invariant broken: ${text}: ${String(fact)}`);
    this.name = 'InvariantError';
    this.fact = fact;
  }
}

/**
 * Throws {@link InvariantError} unless `condition` holds.
 *
 * `text` is a constant: building a string on every call costs more than most checked code.
 */
export function invariant(condition: boolean, text: string, fact?: unknown): asserts condition {
  if (!condition) throw new InvariantError(text, fact);
}
