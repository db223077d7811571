/** Cuts an expression into tokens. */
import { validationError } from '../service-error.ts';

/** A token and its place in the expression. */
export interface Token {
  readonly kind: 'word' | 'name' | 'value' | 'index' | 'symbol';
  readonly text: string;
}

const PATTERN =
  /\s*(?:(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<name>#[A-Za-z0-9_]+)|(?<value>:[A-Za-z0-9_]+)|(?<index>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-]))/y;

/**
 * Returns the tokens of `text`: words, `#name` and `:value` placeholders, list indexes, operators.
 *
 * @throws {ServiceError} `ValidationException` at the first character that begins none.
 */
export function tokenize(source: string, text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < end) {
    const from = PATTERN.lastIndex;
    const groups = PATTERN.exec(text)?.groups;
    const entry = Object.entries(groups ?? {}).find(([, match]) => match !== undefined);
    if (entry === undefined) {
      throw validationError(
        `Invalid ${source}: Syntax error; token: "${text.slice(from).trim().slice(0, 1)}"`,
      );
    }
    tokens.push({ kind: entry[0] as Token['kind'], text: entry[1] });
  }
  return tokens;
}
