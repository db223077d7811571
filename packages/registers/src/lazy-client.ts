/**
 * A client of the AWS SDK, loaded when the first request needs it: loading takes a quarter second.
 *
 * A client keeps the credentials that it found for as long as it thinks they are good. When a service refuses them
 * the client is retired, and the next request makes one that looks for credentials again: a store recovers from
 * keys that expired or were rotated without being reopened.
 */
import { type Renewable, renewable } from '@clortho/base';
import { refusesCredentials } from './aws-failure.ts';

/** The SDK's module and a client of it. */
export interface LoadedClient<Sdk, Client> {
  readonly sdk: Sdk;
  readonly client: Client;
}

/** A client that is there when it is needed. */
export type LazyClient<Sdk, Client> = Renewable<LoadedClient<Sdk, Client>>;

/** Returns a client that `load` makes when it is first used. */
export function lazyClient<Sdk, Client extends { destroy(): void }>(
  load: () => Promise<LoadedClient<Sdk, Client>>,
): LazyClient<Sdk, Client> {
  return renewable({ open: load, close: ({ client }) => client.destroy(), isSpent: refusesCredentials });
}
