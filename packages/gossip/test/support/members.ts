/** Members in one process, on a network and a clock of their own. */
import { type Random, seededRandom } from '@clortho/base';
import { type VirtualClock, virtualClock } from '@clortho/testkit';
import { Gossip, type GossipOptions, type MemoryNetwork, memoryNetwork } from '../../src/index.ts';

/** The key of the clusters of tests. */
export const KEY: Uint8Array = new Uint8Array(32).fill(7);

/** Members that a test made. */
export class Members {
  readonly network: MemoryNetwork = memoryNetwork();
  readonly clock: VirtualClock = virtualClock();
  readonly #random: Random = seededRandom(1);
  readonly #members: Gossip[] = [];
  #ports = 0;

  /** Joins a member; the first one has no seeds, the others have the first. */
  async join(name: string, options: Partial<GossipOptions> = {}): Promise<Gossip> {
    this.#ports += 1;
    const first = this.#members[0];
    const joining = Gossip.join({
      cluster: 'test',
      name,
      keyring: [KEY],
      seeds: first === undefined ? [] : [first.address],
      transport: this.network.transport(`10.0.0.1:${this.#ports}`),
      clock: this.clock,
      random: this.#random,
      ...options,
    });
    const member = await joining;
    this.#members.push(member);
    return member;
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) await this.clock.advance(50);
  }

  /** Closes all members. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }
}

/** Returns the members that one sees, as `name status`. */
export function seenBy(member: Gossip): string[] {
  return member
    .members()
    .map(({ name, status }) => `${name} ${status}`)
    .sort();
}
