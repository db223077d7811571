import { runSeed } from './run-seed.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const started = performance.now();
let attempts = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const result = await runSeed(seed);
  attempts += result.attempts;
  if (result.problems.length > 0) {
    console.log(seed, result.problems.slice(0, 5).join('\n   '));
    if (count === 1) console.log(result.trace);
  }
}
console.log(
  `${count} runs, ${attempts} attempts, ${((performance.now() - started) / count).toFixed(1)} ms each`,
);
