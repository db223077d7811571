/** How a running cluster is found: the options that `members` and `watch` share. */
import { ClorthoError } from '@clortho/base';
import type { ObserveOptions } from '@clortho/gossip';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

/** The options of a cluster. */
export interface ClusterOptions {
  readonly cluster: string;
  readonly seeds: string;
  readonly plaintext?: boolean;
}

const KEY_VARIABLE = 'CLORTHO_GOSSIP_KEY';
const HEXADECIMAL = /^[0-9a-f]{64}$/i;

/** Adds the options of a cluster. */
export function addClusterOptions(command: Command): Command {
  return command
    .requiredOption('--cluster <name>', 'the name of the cluster')
    .requiredOption('--seeds <addresses>', 'members to ask, host:port, separated by commas')
    .option('--plaintext', `the cluster has no key; otherwise ${KEY_VARIABLE} has it, 64 hexadecimal digits`)
    .addHelpText('after', '\nThe cluster is asked over TCP; nothing joins it.');
}

/**
 * Returns how to ask a cluster.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if there is no key, or no seed.
 */
export function observeOptions({ environment }: CommandContext, options: ClusterOptions): ObserveOptions {
  const { cluster, plaintext } = options;
  const seeds = options.seeds.split(',').filter((seed) => seed !== '');
  if (seeds.length === 0)
    throw new ClorthoError('CLORTHO_INVALID', 'which members? pass --seeds HOST:PORT,…');
  if (plaintext === true) return { cluster, seeds, keyring: 'plaintext', bind: '0.0.0.0:0' };
  const key = environment[KEY_VARIABLE];
  if (key === undefined || !HEXADECIMAL.test(key)) {
    const hint = 'set it to 64 hexadecimal digits, or pass --plaintext';
    throw new ClorthoError('CLORTHO_INVALID', `which key? ${hint}: variable=${KEY_VARIABLE}`);
  }
  return { cluster, seeds, keyring: [Buffer.from(key, 'hex')], bind: '0.0.0.0:0' };
}
