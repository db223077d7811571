/** The dead stay dead: somebody with an old view of the cluster must not bring them back. */
import { memberItem } from '../../src/item/item-codec.ts';
import { DELTA, NO_BYTES } from '../../src/wire/message.ts';
import type { ClusterClass } from './schedule.ts';

/**
 * Lets a member die, hands another one "it lives, and has objected", out of an exchange of digests, and tells whether that
 * one ever believed it.
 */
export function believesTheDead(Cluster: ClusterClass): boolean {
  let isRevived = false;
  let isDead = false;
  const cluster = new Cluster({
    nodes: 5,
    seed: 3,
    tuning: { suspicionMs: 500 },
    onEvent: (node, event) => {
      if (node !== 0 || !('member' in event) || event.member.name !== 'node-00004') return;
      if (event.type === 'dead') isDead = true;
      if (isDead && (event.type === 'join' || event.type === 'alive')) isRevived = true;
    },
  });
  const { name, address, gen } = cluster.core(4).self;
  cluster.run(1000);
  cluster.crash(4);
  cluster.run(10_000);
  if (!isDead) throw new Error('the crash was not seen');
  const claim = memberItem({ name, address, gen, inc: 3, status: 0, by: 0 });
  const sender = { id: cluster.core(1).self.id, gen };
  cluster
    .core(0)
    .handle(
      { kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [claim] },
      sender,
      cluster.core(1).self.address,
    );
  cluster.run(40_000);
  return isRevived;
}
