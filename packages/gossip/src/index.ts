/** The public names of `@clortho/gossip`. */
export type { Counters } from './core/counters.ts';
export type { ValueClass } from './core/own-values.ts';
export { TUNING, type Tuning } from './core/tuning.ts';
export { Gossip, type GossipMetrics } from './gossip.ts';
export type { GossipEvents } from './gossip-events.ts';
export type { GossipOptions } from './gossip-options.ts';
export type { Keys } from './keys.ts';
export type { Member } from './member/member.ts';
export type { StatusName } from './member/status.ts';
export { type ObservedMember, type ObserveOptions, observeCluster } from './observe.ts';
export type { SeedSource, Seeds } from './seeds.ts';
export { type MemoryNetwork, memoryNetwork } from './transport/memory-transport.ts';
export { type SocketTransportOptions, socketTransport } from './transport/socket-transport.ts';
export type { Receiver, Transport, TransportCounters } from './transport/transport.ts';
export type { GossipValue } from './value-codec.ts';
export type { Change } from './watch.ts';
export type { PacketCounters } from './wire/opener.ts';
