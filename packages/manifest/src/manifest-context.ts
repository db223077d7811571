/** What the protocols of the manifest take from outside. */
import type { Clock, IdSource, Random } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';
import type { RegisterStore } from '@clortho/registers';

/** What changing shards needs from outside. */
export interface ManifestContext {
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  /** How long an unknown outcome is pursued before it is reported; 30,000 by default. */
  readonly settleMsMax?: number | undefined;
  /** How many edits a tail holds before it is folded; `TAIL_EDITS_MAX` by default. With 0 every edit is taken as large. */
  readonly tailEditsMax?: number | undefined;
}
