/**
 * A client of the AWS SDK, loaded when the first request needs it: loading takes a quarter second.
 *
 * A client keeps the credentials that it found for as long as it thinks they are good. When a service refuses them
 * the client is retired, and the next request makes one that looks for credentials again: a store recovers from
 * keys that expired or were rotated without being reopened.
 *
 * Invariants:
 * - A retired client serves the requests that it has, then closes its sockets.
 */
import { refusesCredentials } from './aws-failure.ts';

/** The SDK's module and a client of it. */
export interface LoadedClient<Sdk, Client> {
  readonly sdk: Sdk;
  readonly client: Client;
}

/** A client that is there when it is needed. */
export interface LazyClient<Sdk, Client> {
  /** Sends requests with the client; rejects with what `send` throws. */
  use<T>(send: (loaded: LoadedClient<Sdk, Client>) => Promise<T>): Promise<T>;
  /** Closes the sockets, if there ever were any. */
  close(): Promise<void>;
}

interface Place<Sdk, Client> {
  readonly loaded: Promise<LoadedClient<Sdk, Client>>;
  requests: number;
}

/** Returns a client that `load` makes when it is first used. */
export function lazyClient<Sdk, Client extends { destroy(): void }>(
  load: () => Promise<LoadedClient<Sdk, Client>>,
): LazyClient<Sdk, Client> {
  let current: Place<Sdk, Client> | undefined;
  const destroy = async ({ loaded }: Place<Sdk, Client>): Promise<void> => {
    await loaded.then(
      ({ client }) => client.destroy(),
      () => undefined, // It never came to be.
    );
  };
  return {
    async use(send) {
      current ??= { loaded: load(), requests: 0 };
      const place = current;
      place.requests += 1;
      try {
        return await send(await place.loaded);
      } catch (error) {
        if (current === place && refusesCredentials(error)) current = undefined;
        throw error;
      } finally {
        place.requests -= 1;
        if (current !== place && place.requests === 0) await destroy(place);
      }
    },
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) await destroy(last);
    },
  };
}
