/** What a membership is opened with, checked and completed. */
import { type Clock, ClorthoError, type Random, systemClock, systemRandom } from '@clortho/base';
import { TUNING, type Tuning } from './core/tuning.ts';
import { GEN_MAX, isAddress, isName } from './item/limits.ts';
import { isSeeds, type Seeds } from './seeds.ts';
import type { Transport } from './transport/transport.ts';
import { Keyring } from './wire/keyring.ts';

/** How to join. */
export interface GossipOptions {
  /** The name of the cluster: members of others are never listened to. */
  readonly cluster: string;
  /** The name of this member, 1 to 64 bytes, unique in the cluster. */
  readonly name: string;
  /** Where to listen, `host:port`, for UDP and TCP; by default any port of 127.0.0.1. */
  readonly bind?: string | undefined;
  /** Where others reach this member, `host:port`; by default where it listens. */
  readonly advertise?: string | undefined;
  /** Where to find others; none for the first member. */
  readonly seeds?: Seeds | undefined;
  /** Keys of 32 bytes, the one to seal with first, or `'plaintext'` for neither encryption nor authentication. */
  readonly keyring: readonly Uint8Array[] | 'plaintext';
  /**
   * Which start of this member this is: greater than every earlier one's. By default milliseconds since 1970, which is right
   * as long as the clock of the machine does not go back between two starts.
   */
  readonly generation?: number | undefined;
  /** How long to look for somebody at the seeds; 10,000 by default. */
  readonly joinTimeoutMs?: number | undefined;
  /** Ends the joining; afterwards, the membership without a good-bye. */
  readonly signal?: AbortSignal | undefined;
  /** Times and sizes that differ from the defaults. */
  readonly tuning?: Partial<Tuning> | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Something else than sockets; then `bind` is not used. */
  readonly transport?: Transport | undefined;
}

/** Options with everything in its place. */
export interface CompleteOptions {
  readonly cluster: string;
  readonly name: string;
  readonly bind: string;
  readonly advertise: string | undefined;
  readonly seeds: Seeds;
  readonly keyring: Keyring | undefined;
  readonly generation: number;
  readonly joinTimeoutMs: number;
  readonly tuning: Tuning;
  readonly clock: Clock;
  readonly random: Random;
}

const BIND_DEFAULT = '127.0.0.1:0';
const JOIN_MS_DEFAULT = 10_000;
/** No timer runs longer. */
const TIMER_MS_MAX: number = 2 ** 31 - 1;
const CLUSTER_CHARS_MAX = 256;
const DATAGRAM_BYTES_MIN = 1_200;
const DATAGRAM_BYTES_MAX = 8_900;

/**
 * Returns complete options.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` for what is missing or out of bounds.
 */
export function completeOptions(options: GossipOptions): CompleteOptions {
  const { cluster, name, advertise, keyring } = options;
  const clock = options.clock ?? systemClock;
  const generation = options.generation ?? Math.floor(clock.now() / 1000);
  const joinTimeoutMs = options.joinTimeoutMs ?? JOIN_MS_DEFAULT;
  const tuning = { ...TUNING, ...options.tuning };
  check(
    typeof cluster === 'string' && cluster.length > 0 && cluster.length <= CLUSTER_CHARS_MAX,
    'a cluster has a name of 1 to 256 characters',
  );
  check(isName(name), 'a member has a name of 1 to 64 bytes');
  check(advertise === undefined || isAddress(advertise), 'advertise is host:port');
  check(
    Number.isSafeInteger(generation) && generation >= 0 && generation < GEN_MAX,
    'a generation is an integer below 2^48 - 1',
  );
  check(keyring === 'plaintext' || Array.isArray(keyring), "keyring is a list of keys or 'plaintext'");
  check(
    isSeeds(options.seeds ?? []),
    'seeds are a list of host:port, a function, or an object with addresses()',
  );
  check(joinTimeoutMs > 0 && joinTimeoutMs <= TIMER_MS_MAX, 'joinTimeoutMs is positive and below 2^31');
  checkTuning(tuning);
  return {
    cluster,
    name,
    bind: options.bind ?? BIND_DEFAULT,
    advertise,
    seeds: options.seeds ?? [],
    keyring: keyring === 'plaintext' ? undefined : new Keyring(keyring),
    generation,
    joinTimeoutMs,
    tuning,
    clock,
    random: options.random ?? systemRandom,
  };
}

function checkTuning(tuning: Tuning): void {
  for (const [name, value] of Object.entries(tuning) as [string, number][])
    check(Number.isFinite(value) && value > 0, `tuning is positive: ${name}`);
  check(tuning.healMs <= TIMER_MS_MAX, 'healMs is below 2^31');
  check(tuning.probeTimeoutMs < tuning.probeMs, 'probeTimeoutMs is less than probeMs');
  check(
    tuning.datagramBytes >= DATAGRAM_BYTES_MIN && tuning.datagramBytes <= DATAGRAM_BYTES_MAX,
    'datagramBytes is between 1,200 and 8,900',
  );
}

function check(condition: boolean, problem: string): void {
  if (!condition) throw new ClorthoError('CLORTHO_INVALID', problem);
}
