/**
 * Judging the fight by the logs of its processes.
 *
 * - A token of a resource was granted once.
 * - No lease was found valid after a later one of its resource had been: of two tokens, the lower was never asked about
 *   after the higher had answered.
 * - Every number of a counter was written once at most, with tokens that never go back, and none is missing.
 */
export function judgeFight(lines, finals) {
  const problems = [];
  const granted = new Map();
  const answers = new Map();
  const writes = new Map();
  const figures = { grants: 0, checks: 0, writes: 0, unknown: 0, lost: {} };
  for (const line of lines) {
    const [kind, resource, tokenText, ...rest] = line.split(' ');
    const token = Number(tokenText);
    const key = `${resource} ${token}`;
    if (kind === 'lost') figures.lost[line.slice(5)] = (figures.lost[line.slice(5)] ?? 0) + 1;
    if (kind === 'grant') {
      figures.grants += 1;
      if (granted.has(key)) problems.push(`granted twice: ${key}`);
      granted.set(key, true);
    }
    if (kind === 'valid') {
      figures.checks += 1;
      const [before, after] = rest.map(BigInt);
      const span = entry(
        entry(answers, resource, () => new Map()),
        token,
        () => ({ first: after, last: before }),
      );
      if (after < span.first) span.first = after;
      if (before > span.last) span.last = before;
    }
    if (kind === 'try' || kind === 'done') {
      const attempts = entry(
        entry(writes, resource, () => new Map()),
        Number(rest[0]),
        () => ({ tries: [], done: [] }),
      );
      if (kind === 'try') attempts.tries.push(token);
      else attempts.done.push(token);
    }
  }
  for (const [resource, spans] of answers) {
    const inOrder = [...spans].sort(([left], [right]) => left - right);
    let last = { token: 0, at: 0n };
    for (const [token, span] of inOrder) {
      if (last.at > span.first)
        problems.push(`${resource}: token ${last.token} was valid after ${token} had been`);
      if (span.last > last.at) last = { token, at: span.last };
    }
  }
  for (const [resource, numbers] of writes) {
    const final = finals.get(resource) ?? 0;
    let highest = 0;
    for (let n = 1; n <= final; n += 1) {
      const { tries, done } = numbers.get(n) ?? { tries: [], done: [] };
      figures.writes += done.length;
      if (done.length > 1) problems.push(`${resource}: ${n} was counted ${done.length} times`);
      if (tries.length === 0) problems.push(`${resource}: nobody counted ${n}`);
      if (done.length === 0) figures.unknown += 1;
      const token = done[0] ?? Math.max(...tries);
      if (done.length > 0 && token < highest)
        problems.push(`${resource}: ${n} was counted with ${token} after ${highest}`);
      if (done.length > 0) highest = token;
    }
    for (const [n, { done }] of numbers)
      if (n > final && done.length > 0) problems.push(`${resource}: ${n} was lost`);
  }
  return { problems, figures };
}

function entry(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}
