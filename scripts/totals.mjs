/**
 * Adds up what several runs passed and failed, names every failure, and prints the sum as its last line:
 * `N passed, N failed`.
 *
 *     node scripts/totals.mjs NAME=STATUS=REPORT …
 *
 * A report is the JSON of `scripts/check.mjs` or of vitest. A run that ended with a status other than 0, left no
 * report or passed nothing has failed, even when no single test of it did.
 */
import { readReport } from './report.mjs';

const totals = { passed: 0, failed: 0 };
for (const argument of process.argv.slice(2)) {
  const [name, status, path] = argument.split('=');
  const { passed, failed, failures } = readReport(path);
  for (const failure of failures) console.log(`FAILED  ${name}: ${failure}`);
  totals.passed += passed;
  totals.failed += failed;
  if (failed === 0 && (status !== '0' || passed === 0)) {
    totals.failed += 1;
    console.error(`${name} failed: status=${status} passed=${passed}`);
  }
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;
