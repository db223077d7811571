/**
 * How the second decoder speaks: by the numbers of the rules in FORMAT.md.
 *
 * A file that breaks a rule for readers ends the decoding. What breaks only a rule for writers (a wider column than
 * needed, say) decodes all the same: it becomes a remark.
 */

/** The numbered rules of FORMAT.md. */
export type Rule = `R${number}`;

export class BrokenRule extends Error {
  readonly rule: Rule;
  readonly outcome: 'corrupt' | 'unsupported';

  constructor(rule: Rule, problem: string, outcome: 'corrupt' | 'unsupported' = 'corrupt') {
    super(`${rule}: ${problem}`);
    this.rule = rule;
    this.outcome = outcome;
  }
}

/** Refuses the file as damaged unless `holds`. */
export function demand(holds: boolean, rule: Rule, problem: string): void {
  if (!holds) throw new BrokenRule(rule, problem);
}

/** Refuses the file as one of a newer build unless `holds`. */
export function support(holds: boolean, rule: Rule, problem: string): void {
  if (!holds) throw new BrokenRule(rule, problem, 'unsupported');
}
