/** Reads what a run of tests left behind: a report of vitest, or totals that `scripts/check.mjs` wrote. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * How many passed and failed, and the failed ones by name, each with the first line of what it said. A report that was
 * never written counts nothing: whoever ran the tests knows by their exit code that they failed.
 */
export function readReport(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, failures: [] };
  }
  return {
    passed: report.passed ?? report.numPassedTests,
    failed: report.failed ?? report.numFailedTests,
    failures: report.failures ?? (report.testResults ?? []).flatMap(failuresOfFile),
  };
}

function failuresOfFile({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  // A file that could not be loaded has no tests.
  if (failed.length === 0 && status === 'failed') return [`${file}: ${firstLine(message)}`];
  return failed.map((test) => `${file} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

function firstLine(text = '') {
  return text.split('\n', 1)[0];
}
