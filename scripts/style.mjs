/**
 * Checks what neither compiler nor linter can: the house style of `packages`, as CONTRIBUTING.md states it.
 *
 *     node scripts/style.mjs [workspace]          default: this one
 *
 * Sources: a header comment, a comment on every export, explicit re-exports, kebab-case names that say something,
 * no clock of their own, constant texts in `invariant`, error messages in lower case. Tests: none switched off.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const EMPTY_NAMES = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'manager',
  'info',
  'data',
  'misc',
  'common',
]);
const UNFINISHED = /\b(?:TODO|FIXME|XXX|HACK)\b/;
const CAPITALIZED = /^[A-Z][a-z]/;
/** These own the clock or stand at the edge of the system. */
const MAY_READ_TIME = /^packages\/(?:base\/src\/(?:clock|random)\.ts$|cli\/)/;
const SWITCHES = new Set(['skip', 'only', 'todo', 'fails']);
const RUNNERS = new Set(['test', 'it', 'describe', 'suite']);

process.chdir(resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..')));

let files = 0;
let faults = 0;
for (const name of readdirSync('packages')) {
  for (const path of sourcesIn(join('packages', name, 'src'))) check(path, checkSource);
  for (const path of sourcesIn(join('packages', name, 'test'))) check(path, checkTest);
}
console.log(`${files} files, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative('.', join(entry.parentPath, entry.name)))
    .sort();
}

function check(path, rules) {
  files += 1;
  const text = readFileSync(path, 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const report = (position, problem) => {
    faults += 1;
    console.error(`${path}:${file.getLineAndCharacterOfPosition(position).line + 1}: ${problem}`);
  };
  checkName(path, report);
  const unfinished = UNFINISHED.exec(text);
  if (unfinished !== null) report(unfinished.index, `finish what is marked ${unfinished[0]}`);
  rules(file, report);
}

function checkName(path, report) {
  for (const part of path.split('/').slice(2)) {
    const words = part.split('.')[0];
    if (!KEBAB.test(words)) report(0, `name it in kebab-case: ${part}`);
    const empty = words.split('-').find((word) => EMPTY_NAMES.has(word));
    if (empty !== undefined) report(0, `name it after the thing, not "${empty}": ${part}`);
  }
}

function checkSource(file, report) {
  const first = ts.getLeadingCommentRanges(file.text, ts.getShebang(file.text)?.length ?? 0)?.[0];
  const hasHeader = first !== undefined && file.text.startsWith('/**', first.pos);
  if (!hasHeader) report(0, 'begin with a /** header */ that says what the module is for');
  file.statements.forEach((statement, index) => {
    checkExport(statement, index === 0 && hasHeader, report);
  });
  visit(file, (node) => {
    if (!MAY_READ_TIME.test(file.fileName)) checkTime(node, report);
    checkCall(node, report);
  });
}

function checkExport(statement, followsHeader, report) {
  if (ts.isExportDeclaration(statement) && statement.exportClause === undefined) {
    report(statement.getStart(), 'list the exported names instead of export *');
  }
  const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
  if (!isExported || isOverloadAfterFirst(statement)) return;
  const { text } = statement.getSourceFile();
  const comments = (ts.getLeadingCommentRanges(text, statement.pos) ?? []).filter(({ pos }) =>
    text.startsWith('/**', pos),
  );
  // The header of the module does not count as the comment of a declaration that happens to come first.
  if (comments.length < (followsHeader ? 2 : 1)) {
    report(statement.getStart(), 'document the export in a /** comment */');
  }
}

/** Tells whether a function statement repeats the name of the one before it: the first overload has the comment. */
function isOverloadAfterFirst(statement) {
  if (!ts.isFunctionDeclaration(statement)) return false;
  const { statements } = statement.parent;
  const before = statements[statements.indexOf(statement) - 1];
  return (
    before !== undefined && ts.isFunctionDeclaration(before) && before.name?.text === statement.name?.text
  );
}

function checkTime(node, report) {
  const readsNow =
    (ts.isNewExpression(node) &&
      node.expression.getText() === 'Date' &&
      (node.arguments?.length ?? 0) === 0) ||
    (ts.isCallExpression(node) && ['Date', 'Date.now', 'Math.random'].includes(node.expression.getText()));
  if (readsNow) report(node.getStart(), `take time and chance from a Clock and a Random: ${node.getText()}`);
}

function checkCall(node, report) {
  if (ts.isCallExpression(node) && node.expression.getText() === 'invariant') {
    const text = node.arguments[1];
    if (text === undefined || !ts.isStringLiteral(text))
      report(node.getStart(), 'give invariant a constant text');
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'ClorthoError') {
    const message = node.arguments?.[1];
    const start = message !== undefined && ts.isTemplateExpression(message) ? message.head : message;
    const isLiteral = start !== undefined && (ts.isStringLiteralLike(start) || ts.isTemplateHead(start));
    if (isLiteral && CAPITALIZED.test(start.text))
      report(start.getStart(), 'begin an error message in lower case');
  }
}

function checkTest(file, report) {
  visit(file, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !SWITCHES.has(node.name.text)) return;
    const [runner] = node.expression.getText().split('.');
    if (RUNNERS.has(runner)) report(node.getStart(), `run every test: ${node.getText()}`);
  });
}

function visit(node, visitor) {
  visitor(node);
  ts.forEachChild(node, (child) => visit(child, visitor));
}
