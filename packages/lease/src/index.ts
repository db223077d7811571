/** The public names of `@clortho/lease`. */

export { type AssignerOptions, assignerResource, runAssigner } from './assignment/run-assigner.ts';
export { type ServeOptions, serveAssigned } from './assignment/serve-assigned.ts';
export type { CampaignOptions } from './election/campaign.ts';
export type { Lease, LossReason } from './lease/lease.ts';
export { decodeLease, type LeaseRecord } from './lease/lease-record.ts';
export { type ListedLease, type ListOptions, listLeases } from './listing/list-leases.ts';
export { type ListedSession, listSessions } from './listing/list-sessions.ts';
export {
  type Placement,
  type PlacementMove,
  type PlacementNode,
  type PlacementOptions,
  type PlacementResource,
  place,
} from './placement/place.ts';
export { resourceKey, sessionKey } from './record/keys.ts';
export type { LeaseEvent, LeaseListener, LeaseMetrics } from './session/lease-event.ts';
export { LeaseSession } from './session/lease-session.ts';
export type { AcquireOptions, LeaseSessionOptions } from './session/lease-session-options.ts';
export type { SessionObserver, Sight } from './session/session-observer.ts';
export {
  decodeSession,
  type Offer,
  type SessionId,
  type SessionRecord,
  type SessionState,
} from './session/session-record.ts';
export type { LeaseTiming } from './time/timing.ts';
