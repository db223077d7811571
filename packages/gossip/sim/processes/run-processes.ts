/**
 * What processes of a cluster must live through: lost datagrams, being stopped, a split network, and losing a third of them.
 *
 *     join ─► a key reaches all ─► SIGSTOP, SIGCONT of a third ─► two halves, together again ─► SIGKILL of a third
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MemberProcess, type MemberStart } from './member-process.ts';

/** How to run. */
export interface ProcessesOptions {
  readonly count: number;
  readonly loss: number;
  /** The script of a member. */
  readonly script: string;
  readonly tuning: Readonly<Record<string, number>>;
  readonly stopMs: number;
  /** How long each step may take. */
  readonly stepMsMax: number;
  /** Where a member listens and how it is started. */
  readonly placeOf: (index: number) => Pick<MemberStart, 'bind' | 'prefix'>;
  /** Splits the network in two, or joins it again; by default the members themselves ignore each other. */
  readonly split?: ((isSplit: boolean) => Promise<void>) | undefined;
  readonly onStep?: ((what: string, ms: number) => void) | undefined;
}

const POLL_MS = 100;
const SEEDS = 3;

/** Runs the steps; returns how long each took, in milliseconds. Throws if one is not done in time. */
export async function runProcesses(options: ProcessesOptions): Promise<Record<string, number>> {
  const { count, script, loss, tuning } = options;
  const steps: Record<string, number> = {};
  const members: MemberProcess[] = [];
  const start = (index: number, seeds: readonly string[]): MemberProcess => {
    const name = `member-${index}`;
    const member = new MemberProcess({ script, name, seeds, loss, tuning, ...options.placeOf(index) });
    members.push(member);
    return member;
  };
  const step = async (what: string, act: () => Promise<void>): Promise<void> => {
    const began = performance.now();
    await act();
    steps[what] = performance.now() - began;
    options.onStep?.(what, steps[what]);
  };
  const until = async (what: string, isSo: (member: MemberProcess) => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + options.stepMsMax;
    for (const member of members.filter(({ isStopped }) => !isStopped)) {
      while (!(await isSo(member))) {
        if (performance.now() > deadline)
          throw new Error(`${what}: not in time: ${member.name} sees ${(await member.members()).join(', ')}`);
        await sleep(POLL_MS);
      }
    }
  };
  const sees = (expected: (name: string) => string) => async (member: MemberProcess) => {
    const seen = new Set(await member.members());
    return members.every(({ name }) => seen.has(`${name} ${expected(name)}`));
  };
  const third = (offset: number): MemberProcess[] => members.filter((_, index) => index % 3 === offset);

  try {
    await step('joined', async () => {
      const first = await start(0, []).joined();
      const seeds = [first.address];
      for (let index = 1; index < count; index += 1) {
        const member = start(index, seeds);
        if (index < SEEDS) seeds.push((await member.joined()).address);
      }
      await Promise.all(members.slice(SEEDS).map((member) => member.joined()));
      await until(
        'all alive',
        sees(() => 'alive'),
      );
    });
    await step('key everywhere', async () => {
      await members[1]?.set('greeting', 'hello');
      await until('key', async (member) => (await member.get('member-1', 'greeting')) === 'hello');
    });
    await step('a third stopped and continued', async () => {
      for (const member of third(1)) member.signal('SIGSTOP');
      await sleep(options.stopMs);
      for (const member of third(1)) member.signal('SIGCONT');
      await until(
        'all alive again',
        sees(() => 'alive'),
      );
    });
    await step('two halves', async () => {
      const sideOf = new Map(members.map(({ name }, index) => [name, index % 2]));
      await separate(options, members, true);
      await until('the other half dead', (member) =>
        sees((name) => (sideOf.get(name) === sideOf.get(member.name) ? 'alive' : 'dead'))(member),
      );
    });
    await step('together again', async () => {
      await separate(options, members, false);
      await until(
        'all alive after the split',
        sees(() => 'alive'),
      );
    });
    await step('a third killed', async () => {
      for (const member of third(2)) member.signal('SIGKILL');
      const killed = new Set(third(2).map(({ name }) => name));
      await until(
        'a third dead',
        sees((name) => (killed.has(name) ? 'dead' : 'alive')),
      );
    });
  } finally {
    await Promise.all(members.map((member) => member.end()));
  }
  return steps;
}

async function separate(
  { split }: ProcessesOptions,
  members: readonly MemberProcess[],
  isSplit: boolean,
): Promise<void> {
  if (split !== undefined) return split(isSplit);
  const addresses = (side: number): string[] =>
    members.filter((_, index) => index % 2 === side).map(({ address }) => address);
  await Promise.all(members.map((member, index) => member.block(isSplit ? addresses(1 - (index % 2)) : [])));
}
