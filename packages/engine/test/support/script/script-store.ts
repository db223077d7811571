/**
 * The store of a script, and its commands.
 *
 *     only LAYOUT…                             the case is about how rows lie in these layouts
 *     shards KEY…                              split keys
 *     family NAME OPTION=VALUE…                kind, merge, ttl, window, retain, keep (times in
 *                                              microseconds), versions, filter=on (see ../short-lived.js)
 *     @TIME put KEY VALUE; del KEY; …          one batch: put, del, merge, deleteRange START END; `in FAMILY` after each
 *     get KEY [at TIME…] [in FAMILY] [on NAME] one line per time
 *     many KEY… [at TIME] [in …] [on …]        one line
 *     scan [gte|gt|lte|lt|prefix KEY] [limit N] [reverse] [at TIME] [in …] [on …]
 *     history KEY [from TIME] [to TIME] [in …] [on …]
 *     truncate TIME, compact, gc, snapshot NAME, release NAME
 *     rows [in FAMILY]                         how many rows lie where
 *
 * What fails prints the code of its error. A `get` asks in four ways, a `scan` in both directions: they must agree.
 */
import { isClorthoError } from '@clortho/base';
import {
  type FamilyOptions,
  type HistoryOptions,
  NOT_RESIDENT,
  type Operation,
  open,
  type ReadOptions,
  type ScanOptions,
  type Snapshot,
  type Store,
} from '../../../src/index.ts';
import { type Backends, newBackends } from '../backends.ts';
import type { Layout } from './layouts.ts';
import { bytesOfWord, wordOf } from './parse-script.ts';

const FLAGS = new Set(['reverse']);
const LISTS = new Set(['at']);
const SETTINGS = new Set(['family', 'shards', 'only']);

/** Words behind a command: those before the first option, and the options by name. */
interface Words {
  readonly plain: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** A store that understands commands. */
export class ScriptStore {
  readonly #layout: Layout;
  readonly #backends: Backends = newBackends();
  readonly #families: Record<string, FamilyOptions> = {};
  readonly #snapshots = new Map<string, Snapshot>();
  #shards: Uint8Array[] | undefined;
  #store: Store | undefined;
  #commands = 0;

  /** Makes an empty store of a layout; it is opened by the first command that needs it. */
  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Runs one command and returns what it prints. */
  async run(text: string): Promise<readonly string[]> {
    const [name = ''] = text.split(' ');
    if (SETTINGS.has(name)) return this.#set(name, text);
    this.#commands += 1;
    const store = await this.#open();
    try {
      return text.startsWith('@') ? await write(store, text) : await this.#call(store, text);
    } catch (error) {
      if (isClorthoError(error)) return [error.code];
      throw error;
    } finally {
      if (this.#commands % (this.#layout.compactEvery ?? Number.POSITIVE_INFINITY) === 0)
        await store.compact();
    }
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    for (const snapshot of this.#snapshots.values()) await snapshot.close();
    await this.#store?.close();
  }

  /** Returns what verifying the store finds wrong, as text. */
  async verify(): Promise<readonly string[]> {
    const { findings = [] } = (await this.#store?.verify()) ?? {};
    return findings.map(({ problem, at, message }) => `${problem} ${at} ${message}`);
  }

  #set(name: string, text: string): readonly string[] {
    if (this.#store !== undefined) throw new Error(`${name} comes before the first command`);
    const [, first = '', ...rest] = text.split(' ');
    if (name === 'shards') this.#shards = [first, ...rest].map(bytesOfWord);
    if (name === 'family') this.#families[first] = familyOptions(rest);
    return [];
  }

  async #open(): Promise<Store> {
    if (this.#layout.reopens === true && this.#snapshots.size === 0) {
      await this.#store?.close();
      this.#store = undefined;
    }
    const shards = this.#shards === undefined ? {} : { shards: this.#shards };
    const options = { ...this.#layout.options, ...this.#backends, families: this.#families, ...shards };
    this.#store ??= await open('memory:', options);
    return this.#store;
  }

  async #call(store: Store, text: string): Promise<readonly string[]> {
    const [name = '', ...rest] = text.split(' ');
    const words = wordsOf(rest);
    const [first = ''] = words.plain;
    const on = words.options.get('on')?.[0];
    const reads = on === undefined ? store : this.#snapshot(on);
    switch (name) {
      case 'get':
        return get(reads, bytesOfWord(first), words);
      case 'many': {
        const found = await reads.getMany(words.plain.map(bytesOfWord), readOptions(words));
        return [found.map(valueText).join(' ')];
      }
      case 'scan':
        return scan(reads, words);
      case 'history':
        return history(reads, bytesOfWord(first), words);
      case 'rows':
        return rows(store, words);
      case 'truncate':
        await store.truncateHistory(Number(first));
        return [];
      case 'compact':
        await store.compact();
        return [];
      case 'gc':
        await store.gc();
        return [];
      case 'snapshot':
        this.#snapshots.set(first, await store.snapshot());
        return [];
      case 'release':
        await this.#snapshot(first).close();
        this.#snapshots.delete(first);
        return [];
      default:
        throw new Error(`no such command: ${name}`);
    }
  }

  #snapshot(name: string): Snapshot {
    const snapshot = this.#snapshots.get(name);
    if (snapshot === undefined) throw new Error(`no such snapshot: ${name}`);
    return snapshot;
  }
}

function wordsOf(words: readonly string[]): Words {
  const plain: string[] = [];
  const options = new Map<string, string[]>();
  let current = plain;
  for (const word of words) {
    if (!OPTIONS.has(word)) {
      current.push(word);
      if (current !== plain && !LISTS.has([...options.keys()].at(-1) ?? '')) current = plain;
      continue;
    }
    options.set(word, []);
    current = FLAGS.has(word) ? plain : (options.get(word) as string[]);
  }
  return { plain, options };
}

const OPTIONS = new Set([
  'at',
  'in',
  'on',
  'from',
  'to',
  'gte',
  'gt',
  'lte',
  'lt',
  'prefix',
  'limit',
  'reverse',
]);

async function write(store: Store, text: string): Promise<readonly string[]> {
  const [time = '', ...rest] = text.split(' ');
  const operations = rest.join(' ').split(';').map(operationOf);
  await store.write(operations, { timestamp: Number(time.slice(1)) });
  return [];
}

function operationOf(text: string): Operation {
  const [type = '', ...rest] = text.trim().split(' ');
  const { plain, options } = wordsOf(rest);
  const [key = '', second = ''] = plain;
  const family = options.get('in')?.[0];
  switch (type) {
    case 'put':
    case 'merge':
      return { type, key: bytesOfWord(key), value: bytesOfWord(second), family };
    case 'del':
      return { type, key: bytesOfWord(key), family };
    case 'deleteRange':
      return { type, start: bytesOfWord(key), end: bytesOfWord(second), family };
    default:
      throw new Error(`no such operation: ${type}`);
  }
}

async function get(reads: Store | Snapshot, key: Uint8Array, words: Words): Promise<readonly string[]> {
  const times = words.options.get('at');
  const options = readOptions(words);
  if (times === undefined) return [await value(reads, key, options)];
  const lines: string[] = [];
  for (const time of times)
    lines.push(`${time} ${await value(reads, key, { ...options, asOf: Number(time) })}`);
  return lines;
}

async function value(reads: Store | Snapshot, key: Uint8Array, options: ReadOptions): Promise<string> {
  try {
    const [many] = await reads.getMany([key], options);
    const found = [await reads.get(key, options), many];
    let scanned: Uint8Array | undefined;
    for await (const row of reads.scan({ ...options, gte: key, lte: key })) scanned = row.value;
    found.push(scanned);
    if ('peek' in reads && options.asOf === undefined) {
      const peeked = reads.peek(key, { family: options.family });
      if (peeked !== NOT_RESIDENT) found.push(peeked);
    }
    return [...new Set(found.map(valueText))].join(' or ');
  } catch (error) {
    if (isClorthoError(error)) return error.code;
    throw error;
  }
}

async function scan(reads: Store | Snapshot, words: Words): Promise<readonly string[]> {
  const bounds = ['gte', 'gt', 'lte', 'lt', 'prefix'].flatMap((name) => {
    const word = words.options.get(name)?.[0];
    return word === undefined ? [] : [[name, bytesOfWord(word)]];
  });
  const limit = words.options.get('limit')?.[0];
  const options: ScanOptions = {
    ...readOptions(words),
    ...Object.fromEntries(bounds),
    reverse: words.options.has('reverse'),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  };
  const found = await scanned(reads, options);
  const back = limit === undefined ? await scanned(reads, { ...options, reverse: !options.reverse }) : [];
  if (limit === undefined && back.reverse().join() !== found.join())
    return [...found, 'and in the other direction', ...back];
  return found.length === 0 ? ['nothing'] : found;
}

async function scanned(reads: Store | Snapshot, options: ScanOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const row of reads.scan(options))
    found.push(`${wordOf(row.key)} ${wordOf(row.value)} @${row.timestamp}`);
  return found;
}

async function history(reads: Store | Snapshot, key: Uint8Array, words: Words): Promise<readonly string[]> {
  const [from, to] = [words.options.get('from')?.[0], words.options.get('to')?.[0]];
  const options: HistoryOptions = {
    family: words.options.get('in')?.[0],
    ...(from === undefined ? {} : { from: Number(from) }),
    ...(to === undefined ? {} : { to: Number(to) }),
  };
  const found: string[] = [];
  for await (const entry of reads.history(key, options))
    found.push(`@${entry.timestamp} ${entry.kind === 'put' ? wordOf(entry.value) : 'deleted'}`);
  return found.length === 0 ? ['nothing'] : found;
}

async function rows(store: Store, words: Words): Promise<readonly string[]> {
  const name = words.options.get('in')?.[0] ?? 'default';
  const { shards } = await store.stats();
  const families = shards.flatMap((shard) => shard.families.filter(({ family }) => family === name));
  const sum = (tier: 'delta' | 'current' | 'history'): number =>
    families.reduce((all, family) => all + family[tier].rows, 0);
  return [`delta ${sum('delta')} current ${sum('current')} history ${sum('history')}`];
}

function readOptions({ options }: Words): ReadOptions {
  const time = options.get('at')?.[0];
  return { family: options.get('in')?.[0], ...(time === undefined ? {} : { asOf: Number(time) }) };
}

const SHORT_LIVED = {
  module: new URL('../short-lived.js', import.meta.url).href,
  export: 'shortLived',
  name: 'short-lived',
  version: 1,
};

function familyOptions(words: readonly string[]): FamilyOptions {
  const given = new Map(words.map((word) => word.split('=') as [string, string]));
  const names = ['ttl', 'window', 'retain', 'merge', 'keep', 'versions'];
  const [ttl, window, retain, merge, keep, versions] = names.map((name) => given.get(name));
  const ms = (micros: string): number => Number(micros) / 1000;
  return {
    ...(given.get('kind') === 'log' ? { kind: 'log' } : {}),
    ...(merge === undefined ? {} : { merge }),
    ...(ttl === undefined ? {} : { ttlMs: ms(ttl) }),
    ...(given.get('filter') === 'on' ? { filter: SHORT_LIVED } : {}),
    ...(keep === undefined && versions === undefined
      ? {}
      : { retention: { keepMs: ms(keep ?? '0'), versions: Number(versions ?? 0) } }),
    ...(window === undefined
      ? {}
      : { log: { windowMs: ms(window), ...(retain && { retainMs: ms(retain) }) } }),
  };
}

function valueText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'absent' : wordOf(bytes);
}
