/**
 * Work in rounds: one after the other while there is something to do, at rest otherwise.
 *
 *     wake ──► next turn ──► due? ──► round ──► due? ──► round ──► due? ──► at rest
 *
 * Invariants:
 * - It comes to rest in the turn in which nothing was due: what is added after that wakes it again, and none of it is
 *   forgotten. (Coming to rest a turn later, in a `finally` of whoever waits, forgets what was added between.)
 */

/** See the module. */
export class Rounds {
  readonly #isDue: () => boolean;
  readonly #round: () => Promise<void>;
  #running: Promise<void> | undefined;

  /** Creates rounds at rest; `round` must not reject, for nobody waits for it. */
  constructor(isDue: () => boolean, round: () => Promise<void>) {
    this.#isDue = isDue;
    this.#round = round;
  }

  /** Begins rounds unless they are going on. What is added in the same turn is part of the first. */
  wake(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when it has come to rest. */
  async rest(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#isDue()) await this.#round();
    this.#running = undefined;
  }
}
