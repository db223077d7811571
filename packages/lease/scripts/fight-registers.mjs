/** The registers that the processes of the fight share: a directory, or a table behind an endpoint. */
import { createTable, dynamoDbRegisterStore, lmdbRegisterStore } from '@clortho/registers';

/** Opens the registers at a place: `{ directory }` or `{ endpoint, region, credentials, table }`. */
export async function openFightRegisters(place) {
  if (place.directory !== undefined)
    return lmdbRegisterStore(place.directory, { create: true, timeoutMs: 1000 });
  // A process of the fight decides itself how long it waits.
  return dynamoDbRegisterStore({ ...place, requestTimeoutMs: 1000 });
}

/** Creates the table of a place that needs one. */
export async function createFightRegisters(place) {
  if (place.directory === undefined) await createTable(place);
}
