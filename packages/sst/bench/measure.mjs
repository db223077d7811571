/**
 * Measuring: things that are compared take turns, so that a slow moment of the machine hits them alike.
 *
 * Time is CPU time of the process, all threads: on a quiet machine that is the time that passes, on a busy one it is what
 * the work costs.
 */

/** Runs every subject `rounds` times in turn; each returns how much it did. Returns the medians, per second. */
export function measure(subjects, rounds = 7) {
  const names = Object.keys(subjects);
  const rates = Object.fromEntries(names.map((name) => [name, []]));
  // The first round warms up the optimiser and is thrown away.
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const start = process.cpuUsage();
      const done = subjects[name]();
      const { user, system } = process.cpuUsage(start);
      if (round > 0) rates[name].push(done / ((user + system) / 1e6));
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(rates[name])]));
}

export function median(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[sorted.length >> 1];
}
