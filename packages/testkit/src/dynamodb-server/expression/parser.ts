/**
 * A recursive-descent parser for the expressions of DynamoDB.
 *
 *     condition = and ('OR' and)*                    operand  = path | :value | 'size' '(' path ')'
 *     and       = not ('AND' not)*                   path     = name ('.' name | '[' index ']')*
 *     not       = 'NOT' not | '(' condition ')' | predicate
 *     predicate = operand comparator operand | operand 'BETWEEN' operand 'AND' operand
 *               | operand 'IN' '(' operand, … ')' | function '(' … ')'
 *     update    = ('SET' path '=' assigned, … | 'REMOVE' path, … | 'ADD' path :value, … | 'DELETE' path :value, …)+
 *     assigned  = term (('+' | '-') term)?           term     = operand | 'list_append' '(' … ')' | 'if_not_exists' '(' … ')'
 *
 * Invariants:
 * - Placeholders are resolved here, so everything behind works on names and values.
 */
import type { AttributeValue } from '../attribute-value.ts';
import { type ServiceError, validationError } from '../service-error.ts';
import { type Token, tokenize } from './lexer.ts';
import type { Placeholders } from './placeholders.ts';
import { isReserved } from './reserved-words.ts';
import type { Assigned, Comparator, Condition, Operand, Path, Update } from './syntax.ts';

interface Parser {
  readonly source: string;
  readonly tokens: readonly Token[];
  readonly placeholders: Placeholders;
  index: number;
}

/**
 * Parses a condition, filter or key condition. `source` is the request parameter, for messages.
 *
 * @throws {ServiceError} `ValidationException`.
 */
export function parseCondition(source: string, text: string, placeholders: Placeholders): Condition {
  return parseWhole(source, text, placeholders, condition);
}

/**
 * Parses an update.
 *
 * @throws {ServiceError} `ValidationException`, also for paths of which one contains another.
 */
export function parseUpdate(source: string, text: string, placeholders: Placeholders): Update {
  return parseWhole(source, text, placeholders, update);
}

/**
 * Parses a projection: paths separated by commas.
 *
 * @throws {ServiceError} `ValidationException`.
 */
export function parseProjection(source: string, text: string, placeholders: Placeholders): Path[] {
  return parseWhole(source, text, placeholders, (parser) => {
    const paths = commaSeparated(parser, path);
    checkDisjoint(source, paths);
    return paths;
  });
}

function parseWhole<T>(
  source: string,
  text: string,
  placeholders: Placeholders,
  rule: (parser: Parser) => T,
): T {
  const parser: Parser = { source, tokens: tokenize(source, text), placeholders, index: 0 };
  if (parser.tokens.length === 0)
    throw validationError(`Invalid ${source}: The expression can not be empty;`);
  const parsed = rule(parser);
  if (parser.index < parser.tokens.length) throw syntaxError(parser);
  return parsed;
}

function condition(parser: Parser): Condition {
  let left = conjunction(parser);
  while (takeWord(parser, 'OR')) left = { kind: 'or', left, right: conjunction(parser) };
  return left;
}

function conjunction(parser: Parser): Condition {
  let left = negation(parser);
  while (takeWord(parser, 'AND')) left = { kind: 'and', left, right: negation(parser) };
  return left;
}

function negation(parser: Parser): Condition {
  if (takeWord(parser, 'NOT')) return { kind: 'not', condition: negation(parser) };
  if (!takeSymbol(parser, '(')) return predicate(parser);
  const inner = condition(parser);
  expectSymbol(parser, ')');
  return inner;
}

const COMPARATORS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

function predicate(parser: Parser): Condition {
  const called = functionName(parser);
  if (called !== undefined && called !== 'size') return predicateFunction(parser, called);
  const left = operand(parser);
  if (takeWord(parser, 'BETWEEN')) {
    const low = operand(parser);
    expectWord(parser, 'AND');
    return { kind: 'between', operand: left, low, high: operand(parser) };
  }
  if (takeWord(parser, 'IN')) {
    return {
      kind: 'in',
      operand: left,
      candidates: parenthesized(parser, (inner) => commaSeparated(inner, operand)),
    };
  }
  const token = parser.tokens[parser.index];
  if (token === undefined || !COMPARATORS.has(token.text)) throw syntaxError(parser);
  parser.index += 1;
  return { kind: 'compare', comparator: token.text as Comparator, left, right: operand(parser) };
}

function predicateFunction(parser: Parser, called: string): Condition {
  parser.index += 1;
  return parenthesized(parser, (inner): Condition => {
    if (called === 'attribute_exists') return { kind: 'exists', path: path(inner), wanted: true };
    if (called === 'attribute_not_exists') return { kind: 'exists', path: path(inner), wanted: false };
    if (called === 'attribute_type') {
      const subject = path(inner);
      return { kind: 'type', path: subject, type: secondOperand(inner) };
    }
    if (called === 'begins_with')
      return { kind: 'beginsWith', operand: operand(inner), start: secondOperand(inner) };
    if (called === 'contains')
      return { kind: 'contains', operand: operand(inner), member: secondOperand(inner) };
    throw validationError(`Invalid ${parser.source}: Invalid function name; function: ${called}`);
  });
}

function secondOperand(parser: Parser): Operand {
  expectSymbol(parser, ',');
  return operand(parser);
}

function operand(parser: Parser): Operand {
  if (parser.tokens[parser.index]?.kind === 'value') return { kind: 'value', value: value(parser) };
  if (functionName(parser) !== 'size') return { kind: 'path', path: path(parser) };
  parser.index += 1;
  return { kind: 'size', path: parenthesized(parser, path) };
}

function value(parser: Parser): AttributeValue {
  const token = parser.tokens[parser.index];
  if (token?.kind !== 'value') throw syntaxError(parser);
  parser.index += 1;
  return parser.placeholders.value(token.text, parser.source);
}

function path(parser: Parser): Path {
  const segments: [string, ...(string | number)[]] = [name(parser)];
  for (;;) {
    if (takeSymbol(parser, '.')) {
      segments.push(name(parser));
    } else if (takeSymbol(parser, '[')) {
      const token = parser.tokens[parser.index];
      if (token?.kind !== 'index') throw syntaxError(parser);
      parser.index += 1;
      segments.push(Number(token.text));
      expectSymbol(parser, ']');
    } else {
      return segments;
    }
  }
}

function name(parser: Parser): string {
  const token = parser.tokens[parser.index];
  if (token?.kind !== 'word' && token?.kind !== 'name') throw syntaxError(parser);
  parser.index += 1;
  if (token.kind === 'name') return parser.placeholders.name(token.text, parser.source);
  if (!isReserved(token.text)) return token.text;
  throw validationError(
    `Invalid ${parser.source}: Attribute name is a reserved keyword; reserved keyword: ${token.text}`,
  );
}

function update(parser: Parser): Update {
  const parsed = { set: [], remove: [], add: [], delete: [] } as {
    -readonly [Clause in keyof Update]: Update[Clause][number][];
  };
  const seen = new Set<string>();
  while (parser.index < parser.tokens.length) {
    const clause = (parser.tokens[parser.index] as Token).text.toUpperCase();
    if (seen.has(clause)) {
      throw validationError(`Invalid ${parser.source}: The "${clause}" section can only be used once`);
    }
    seen.add(clause);
    if (takeWord(parser, 'SET')) parsed.set = commaSeparated(parser, assignment);
    else if (takeWord(parser, 'REMOVE')) parsed.remove = commaSeparated(parser, path);
    else if (takeWord(parser, 'ADD')) parsed.add = commaSeparated(parser, pathAndValue);
    else if (takeWord(parser, 'DELETE')) parsed.delete = commaSeparated(parser, pathAndValue);
    else throw syntaxError(parser);
  }
  checkDisjoint(parser.source, updatedPaths(parsed));
  return parsed;
}

/** Returns every path that an update writes. */
export function updatedPaths({ set, remove, add, delete: removed }: Update): Path[] {
  return [...[...set, ...add, ...removed].map(({ path: written }) => written), ...remove];
}

function assignment(parser: Parser): Update['set'][number] {
  const target = path(parser);
  expectSymbol(parser, '=');
  return { path: target, assigned: assigned(parser) };
}

function pathAndValue(parser: Parser): Update['add'][number] {
  return { path: path(parser), value: value(parser) };
}

function assigned(parser: Parser): Assigned {
  const left = term(parser);
  if (takeSymbol(parser, '+')) return { kind: 'plus', left, right: term(parser) };
  return takeSymbol(parser, '-') ? { kind: 'minus', left, right: term(parser) } : left;
}

function term(parser: Parser): Assigned {
  const called = functionName(parser);
  if (called === undefined) return operand(parser);
  parser.index += 1;
  return parenthesized(parser, (inner): Assigned => {
    if (called === 'list_append') {
      const left = term(inner);
      expectSymbol(inner, ',');
      return { kind: 'listAppend', left, right: term(inner) };
    }
    if (called === 'if_not_exists') {
      const subject = path(inner);
      expectSymbol(inner, ',');
      return { kind: 'ifNotExists', path: subject, otherwise: term(inner) };
    }
    throw validationError(`Invalid ${parser.source}: Invalid function name; function: ${called}`);
  });
}

/** Returns the word at the cursor if a parenthesis follows it, without advancing. */
function functionName(parser: Parser): string | undefined {
  const token = parser.tokens[parser.index];
  const next = parser.tokens[parser.index + 1];
  const isKeyword = /^(?:NOT|AND|OR|IN|BETWEEN)$/i.test(token?.text ?? '');
  return token?.kind === 'word' && next?.text === '(' && !isKeyword ? token.text : undefined;
}

function parenthesized<T>(parser: Parser, rule: (parser: Parser) => T): T {
  expectSymbol(parser, '(');
  const parsed = rule(parser);
  expectSymbol(parser, ')');
  return parsed;
}

function commaSeparated<T>(parser: Parser, rule: (parser: Parser) => T): T[] {
  const parsed = [rule(parser)];
  while (takeSymbol(parser, ',')) parsed.push(rule(parser));
  return parsed;
}

function takeSymbol(parser: Parser, text: string): boolean {
  const token = parser.tokens[parser.index];
  if (token?.kind !== 'symbol' || token.text !== text) return false;
  parser.index += 1;
  return true;
}

function takeWord(parser: Parser, keyword: string): boolean {
  const token = parser.tokens[parser.index];
  if (token?.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
  parser.index += 1;
  return true;
}

function expectSymbol(parser: Parser, text: string): void {
  if (!takeSymbol(parser, text)) throw syntaxError(parser);
}

function expectWord(parser: Parser, keyword: string): void {
  if (!takeWord(parser, keyword)) throw syntaxError(parser);
}

function checkDisjoint(source: string, paths: readonly Path[]): void {
  for (const [index, left] of paths.entries()) {
    for (const right of paths.slice(index + 1)) {
      const [short, long] = left.length <= right.length ? [left, right] : [right, left];
      if (!short.every((segment, depth) => segment === long[depth])) continue;
      throw validationError(
        `Invalid ${source}: Two document paths overlap with each other; must remove or rewrite one of these paths; ` +
          `path one: [${left.join(', ')}], path two: [${right.join(', ')}]`,
      );
    }
  }
}

function syntaxError(parser: Parser): ServiceError {
  const token = parser.tokens[parser.index]?.text ?? '<EOF>';
  const near = parser.tokens
    .slice(Math.max(0, parser.index - 1), parser.index + 2)
    .map(({ text }) => text)
    .join(' ');
  return validationError(`Invalid ${parser.source}: Syntax error; token: "${token}", near: "${near}"`);
}
