/**
 * Running all groups: per group one process per peer, whose rounds take turns.
 *
 *     load       every peer, one after the other ─▶ a folder each, which the groups read or copy
 *     group      start all ─▶ for each workload, for each round, for each peer: one round ─▶ end all
 *
 * Invariants:
 * - One process works at a time; the others wait.
 * - Each round begins with another peer, so that nobody always comes after the same one.
 * - Whoever fails leaves the group, and the results say so; a peer that cannot be loaded leaves altogether.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@clortho/base';
import type { Progress } from '../report/progress.ts';
import { type Subject, startSubject } from '../workload/subject.ts';
import { CLORTHO, type Peer, type Skipped } from './peers.ts';
import type { Line, Results } from './results.ts';
import type { RunSetup, Sample } from './run/sample.ts';
import { GROUPS, type Group, type Workload } from './workloads.ts';

/** What is run. */
export interface Plan {
  readonly entries: number;
  readonly seed: number;
  readonly seconds: number;
  /** Workloads or groups; all by default. */
  readonly only: readonly string[] | undefined;
  /** Where Clortho's processor profiles go, if they are wanted. */
  readonly profile: string | undefined;
}

/** A round that takes longer than this is not done again. */
const ROUND_MS_MOST = 10_000;
/** Loading, or all overwrites, of a million entries take a minute or two; who takes longer hangs, and leaves. */
const ANSWER_MS_MOST = 300_000;

/** Returns the groups with the workloads that are wanted. */
export function chosen(only: readonly string[] | undefined): Group[] {
  if (only === undefined) return [...GROUPS];
  const unknown = only.find(
    (name) => !GROUPS.some((group) => [group, ...group.workloads].some((one) => one.name === name)),
  );
  if (unknown !== undefined) throw new Error(`no such workload: ${unknown}`);
  return GROUPS.map((group) => ({
    ...group,
    workloads: group.workloads.filter(({ name }) => only.includes(name) || only.includes(group.name)),
  })).filter(({ workloads }) => workloads.length > 0);
}

/** Runs them in `folder`, which is left as it comes. */
export async function compare(
  plan: Plan,
  peers: readonly Peer[],
  folder: string,
  progress: Progress,
): Promise<Pick<Results, 'lines' | 'skipped'>> {
  const run = new Comparison(plan, peers, folder, progress);
  const groups = chosen(plan.only);
  if (groups.some(({ loaded }) => loaded !== 'no')) await run.load();
  for (const group of groups) await run.group(group);
  return { lines: run.lines, skipped: run.skipped };
}

class Comparison {
  readonly lines: Line[] = [];
  readonly skipped: Skipped[] = [];
  readonly #plan: Plan;
  readonly #folder: string;
  readonly #progress: Progress;
  #peers: readonly Peer[];

  constructor(plan: Plan, peers: readonly Peer[], folder: string, progress: Progress) {
    this.#plan = plan;
    this.#peers = peers;
    this.#folder = folder;
    this.#progress = progress;
  }

  async load(): Promise<void> {
    for (const peer of this.#peers.filter(({ persistent }) => persistent)) {
      this.#progress.begin(`loading ${peer.name}`);
      const isLoaded = await this.#orLeave(peer, 'while loading', async () => {
        const subject = await this.#start(peer, './run/load-process.js', 'loaded', false);
        await subject.round();
        await subject.end();
      });
      if (!isLoaded) this.#peers = this.#peers.filter((one) => one !== peer);
    }
  }

  async group(group: Group): Promise<void> {
    const takingPart = this.#peers.filter(
      ({ persistent, hasPast, cloud }) =>
        (persistent || !group.needsDisk) && (hasPast || !group.needsPast) && (cloud || !group.needsCloud),
    );
    const subjects = new Map<string, Subject<Sample | undefined>>();
    const present = new Set(takingPart);
    if (!group.isFreshEachRound) {
      for (const peer of takingPart) {
        this.#progress.begin(`${group.name}: ${peer.name} begins`);
        const isThere = await this.#orLeave(peer, group.name, async () => {
          subjects.set(peer.name, await this.#startIn(peer, group));
        });
        if (!isThere) present.delete(peer);
      }
    }
    for (const workload of group.workloads) await this.#workload(group, workload, present, subjects);
    for (const subject of subjects.values()) await subject.end();
    rmSync(join(this.#folder, group.name), { recursive: true, force: true });
  }

  async #workload(
    group: Group,
    workload: Workload,
    present: Set<Peer>,
    subjects: ReadonlyMap<string, Subject<Sample | undefined>>,
  ): Promise<void> {
    const peers = [...present];
    const samples = new Map<string, Sample[]>(peers.map(({ name }) => [name, []]));
    const slow = new Set<string>();
    for (let round = 0; round < group.rounds; round += 1) {
      this.#progress.begin(`${workload.name}: round ${round + 1} of ${group.rounds}`);
      const first = round % Math.max(1, peers.length);
      for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
        if (!present.has(peer) || slow.has(peer.name)) continue;
        const isThere = await this.#orLeave(peer, workload.name, async () => {
          const began = systemClock.monotonic();
          const subject = subjects.get(peer.name) ?? (await this.#startIn(peer, group));
          const sample = await subject.round(workload.name);
          if (sample !== undefined) samples.get(peer.name)?.push(sample);
          if (group.isFreshEachRound) await subject.end();
          if (systemClock.monotonic() - began > ROUND_MS_MOST) slow.add(peer.name);
        });
        if (!isThere) present.delete(peer);
      }
    }
    for (const [peer, taken] of samples) this.lines.push({ workload: workload.name, peer, samples: taken });
  }

  #startIn(peer: Peer, { name, module, durable, loaded }: Group): Promise<Subject<Sample | undefined>> {
    const place = loaded === 'shared' ? 'loaded' : name;
    if (loaded === 'copy')
      cpSync(join(this.#folder, 'loaded', peer.name), join(this.#folder, name, peer.name), {
        recursive: true,
      });
    return this.#start(peer, module, place, durable, name);
  }

  async #start(
    peer: Peer,
    module: string,
    place: string,
    durable: boolean,
    group: string = place,
  ): Promise<Subject<Sample | undefined>> {
    const { entries, seed, seconds, profile } = this.#plan;
    const folder = join(this.#folder, place, peer.name);
    mkdirSync(folder, { recursive: true });
    const setup: RunSetup = { peer: peer.name, group, folder, durable, entries, seed, seconds };
    const isProfiled = profile !== undefined && peer.name === CLORTHO;
    const execArgv = isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${join(profile, group)}`] : [];
    return startSubject(module, import.meta.url, setup, { execArgv, answerMsMost: ANSWER_MS_MOST });
  }

  /** Returns whether `work` was done. */
  async #orLeave(peer: Peer, place: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const why = `left ${place}: ${String(error)}`;
      this.skipped.push({ peer: peer.name, why });
      this.#progress.begin(`${peer.name} ${why}`);
      return false;
    }
  }
}
