/** The public names of `@clortho/gossip/simulation`: whole clusters in one thread, on virtual time. */
export type { CoreEvent } from './core/core-host.ts';
export type { GossipCore } from './core/gossip-core.ts';
export { type ExperimentOptions, type ExperimentReport, runExperiment } from './simulation/experiment.ts';
export { LINK, type LinkOptions } from './simulation/link.ts';
export { SimulatedCluster, type SimulationOptions } from './simulation/simulated-cluster.ts';
export type { Traffic } from './simulation/traffic.ts';
