/**
 * A network within one process, for tests: packets are copied and arrive in the next microtask.
 *
 * Invariants:
 * - Nothing is delivered to a closed transport.
 */
import { ClorthoError, throwIfAborted } from '@clortho/base';
import { type Receiver, type Transport, zeroTransportCounters } from './transport.ts';

/** A network of memory transports. */
export interface MemoryNetwork {
  /**
   * Returns the transport of an address that nobody uses.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if somebody does.
   */
  transport(address: string): Transport;
  /** Decides over every datagram and stream, by source and target: `false` loses it. By default nothing is lost. */
  isDelivered: (source: string, target: string) => boolean;
}

/** Returns an empty network. */
export function memoryNetwork(): MemoryNetwork {
  const receivers = new Map<string, Receiver>();
  const taken = new Set<string>();
  const network: MemoryNetwork = {
    isDelivered: () => true,
    transport(address) {
      if (taken.has(address))
        throw new ClorthoError('CLORTHO_INVALID', `the address is in use: address=${address}`);
      taken.add(address);
      const counters = zeroTransportCounters();
      return {
        address,
        counters,
        listen: (receiver) => {
          receivers.set(address, receiver);
        },
        send(target, packet) {
          counters.datagramsSent += 1;
          counters.datagramBytesSent += packet.length;
          if (!network.isDelivered(address, target)) return;
          const copy = new Uint8Array(packet);
          queueMicrotask(() => receivers.get(target)?.datagram(copy, address));
        },
        async ask(target, packet, onAnswer, signal, onConnected) {
          throwIfAborted(signal);
          counters.streamsOpened += 1;
          await Promise.resolve();
          const receiver = network.isDelivered(address, target) ? receivers.get(target) : undefined;
          if (receiver === undefined || !receivers.has(address))
            throw new ClorthoError('CLORTHO_UNAVAILABLE', `nobody listens: address=${target}`);
          onConnected?.();
          for (const answer of receiver.question(new Uint8Array(packet), address))
            onAnswer(new Uint8Array(answer));
        },
        close() {
          receivers.delete(address);
          taken.delete(address);
          return Promise.resolve();
        },
      };
    },
  };
  return network;
}
