/** A finding: the reader did what it must not do. */

/** Says what was found; `cause` is what was thrown, if anything was. */
export class Finding extends Error {
  /** Creates a finding with a sentence on what was seen. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'Finding';
  }
}

/** Throws a finding unless `condition` holds. */
export function expectThat(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Finding(problem);
}
