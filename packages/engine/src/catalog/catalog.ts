/**
 * The families of an open store, kept in step with the store record.
 *
 * Invariants:
 * - A family that was seen stays: families are created and never removed.
 */
import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import type { CollectorDefinition } from '@clortho/sst';
import type { FamilyOptions } from '../options.ts';
import { bindFamily, type Family, newFamilyRecord } from './family.ts';
import {
  DEFAULT_FAMILY,
  decodeStoreRecord,
  encodeStoreRecord,
  type FamilyRecord,
  STORE_KEY,
  type StoreRecord,
} from './record.ts';

/** The options given for families, by name. */
export type FamilyOptionsByName = Readonly<Record<string, FamilyOptions>>;

/** See the module. */
export class Catalog {
  readonly #registers: RegisterStore;
  readonly #at: string;
  readonly #store: string;
  readonly #options: Record<string, FamilyOptions>;
  readonly #byName = new Map<string, Family>();
  readonly #byNumber = new Map<number, Family>();

  /** Creates the catalog of a record, bound to what the opener brought. */
  static async of(
    registers: RegisterStore,
    at: string,
    record: StoreRecord,
    options: FamilyOptionsByName,
  ): Promise<Catalog> {
    const catalog = new Catalog(registers, at, record.id, options);
    await catalog.#takeIn(record);
    return catalog;
  }

  private constructor(registers: RegisterStore, at: string, store: string, options: FamilyOptionsByName) {
    this.#registers = registers;
    this.#at = at;
    this.#store = store;
    this.#options = { ...options };
  }

  /** All families, by number. */
  get families(): readonly Family[] {
    return [...this.#byNumber.values()].sort((left, right) => left.record.number - right.record.number);
  }

  /**
   * Returns the family of a name; `default` by default.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if there is none.
   */
  byName(name: string | undefined): Family {
    const family = this.#byName.get(name ?? DEFAULT_FAMILY);
    if (family !== undefined) return family;
    const known = [...this.#byName.keys()].join(', ');
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `no such family, create it first: family=${name} known=${known}`,
    );
  }

  /** Returns the family of a number, if it is known. */
  byNumber(number: number): Family | undefined {
    return this.#byNumber.get(number);
  }

  /** Returns the collectors of a family; none if it is not known. */
  collectorsOf(number: number): readonly CollectorDefinition[] {
    return this.#byNumber.get(number)?.collectors ?? [];
  }

  /**
   * Returns the family, created if it is missing.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it exists with other options.
   */
  async create(name: string, options: FamilyOptions): Promise<Family> {
    await this.ensure({ [name]: options });
    return this.byName(name);
  }

  /**
   * Creates the families that are missing, all of them or none, and binds the functions of those that exist.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if one is malformed or exists with other options.
   */
  async ensure(families: FamilyOptionsByName): Promise<void> {
    for (;;) {
      const missing: [string, FamilyOptions][] = [];
      for (const [name, options] of Object.entries(families)) {
        const known = this.#byName.get(name);
        if (known === undefined) missing.push([name, options]);
        else await this.#rebind(known, options);
      }
      if (missing.length === 0 || (await this.#tryCreate(missing))) return;
    }
  }

  /** Takes in families that other processes created. */
  async refresh(): Promise<void> {
    await this.#takeIn((await this.#read()).record);
  }

  /** Returns `false` if the record changed meanwhile, or knew one of the families: all is to be looked at again. */
  async #tryCreate(missing: readonly [string, FamilyOptions][]): Promise<boolean> {
    const { record, version } = await this.#read();
    await this.#takeIn(record);
    if (missing.some(([name]) => this.#byName.has(name))) return false;
    let number = Math.max(...record.families.map((family) => family.number));
    const added: FamilyRecord[] = [];
    for (const [name, options] of missing) added.push(await newFamilyRecord(++number, name, options));
    const next = { ...record, families: [...record.families, ...added] };
    const value = encodeStoreRecord(next);
    // An unknown outcome reaches the caller: creating the families again finds them, or creates them.
    const { applied } = await this.#registers.compareAndSwap([{ key: STORE_KEY, expect: version, value }]);
    if (!applied) return false;
    for (const [name, options] of missing) this.#options[name] = options;
    await this.#takeIn(next);
    return true;
  }

  async #read(): Promise<{ readonly record: StoreRecord; readonly version: number }> {
    const [register] = await this.#registers.read([STORE_KEY]);
    if (register === undefined)
      throw new ClorthoError('CLORTHO_CORRUPT', `the store record is gone: at=${this.#at}`);
    const record = decodeStoreRecord(register.value, this.#at);
    if (record.id !== this.#store)
      throw new ClorthoError('CLORTHO_CORRUPT', `the store record is of another store: at=${this.#at}`);
    return { record, version: register.version };
  }

  async #takeIn(record: StoreRecord): Promise<void> {
    for (const family of record.families) {
      if (this.#byNumber.has(family.number)) continue;
      this.#add(await bindFamily(family, this.#options[family.name]));
    }
  }

  async #rebind(known: Family, options: FamilyOptions): Promise<Family> {
    const family = await bindFamily(known.record, { ...this.#options[known.record.name], ...options });
    this.#add(family);
    return family;
  }

  #add(family: Family): void {
    this.#byNumber.set(family.record.number, family);
    this.#byName.set(family.record.name, family);
  }
}
