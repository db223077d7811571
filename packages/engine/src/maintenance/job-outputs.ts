/**
 * What a compaction job has written and not committed yet.
 *
 *     pass of gc      1          2          3          marks 1
 *     floor           0          mark 1     mark 2     ids below it are not committed any more, and are deleted
 *     output          ──a──┐  ┌──a'──┐   ┌──a''──
 *                          └──┘      └───┘             written again when the floor was seen to rise
 *
 * Nothing names an output before its job commits, so the pass after the next takes it for garbage: a job that is slower
 * than two passes of another process would never end. When the floor rises, the next pass can take what was written
 * before: it gets a new id. (A process that merges and collects knows its own jobs, and spares what they write.)
 *
 * Invariants:
 * - An output gets a new id as soon as the floor is seen to rise, not only when the merge goes on.
 */
import { ClorthoError, isClorthoError, limiter } from '@clortho/base';
import { type FileEntry, type ManifestContext, objectKey } from '@clortho/manifest';

/** How many files are copied at a time: each is in memory as a whole. */
const COPIES_MAX = 4;

/** An output under its newest id, and the floor when it got it. */
interface Output {
  readonly entry: FileEntry;
  readonly floor: string;
}

/** See the module. */
export class JobOutputs {
  readonly #manifest: ManifestContext;
  readonly #floor: () => string;
  /** Changes of the list, one at a time. */
  readonly #inOrder = limiter(1);
  #outputs: readonly Output[] = [];
  /** A renewal that waits for its turn: it will look at the newest floor, so nobody needs another. */
  #renewal: Promise<void> | undefined;

  /** Creates an empty list; `floor` returns the newest known floor of garbage. */
  constructor(manifest: ManifestContext, floor: () => string) {
    this.#manifest = manifest;
    this.#floor = floor;
  }

  /** Uploads a file and returns it as it is listed first. */
  async add(bytes: Uint8Array, entryOf: (id: string) => FileEntry, signal: AbortSignal): Promise<FileEntry> {
    const floor = this.#floor();
    const entry = entryOf(this.#manifest.ids.mint(floor));
    await this.#manifest.objects.put(objectKey(entry.id), bytes, { signal });
    await this.#inOrder.run(async () => {
      this.#outputs = [...this.#outputs, { entry, floor }];
    });
    await this.renew(signal);
    return entry;
  }

  /** Writes those again that the next pass of garbage collection could take: call it whenever the floor may have risen. */
  renew(signal: AbortSignal): Promise<void> {
    this.#renewal ??= this.#inOrder.run(() => {
      this.#renewal = undefined;
      const newest = this.#floor();
      return this.#renew(newest, signal, ({ floor }) => floor < newest);
    });
    return this.#renewal;
  }

  /**
   * Returns the outputs, all with ids at or above `floor`.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if garbage collection has deleted one.
   */
  above(floor: string, signal: AbortSignal | undefined): Promise<readonly FileEntry[]> {
    return this.#inOrder.run(async () => {
      await this.#renew(floor, signal, ({ entry }) => entry.id < floor);
      return this.#outputs.map(({ entry }) => entry);
    });
  }

  async #renew(
    floor: string,
    signal: AbortSignal | undefined,
    isDue: (output: Output) => boolean,
  ): Promise<void> {
    if (!this.#outputs.some(isDue)) return;
    const few = limiter(COPIES_MAX);
    this.#outputs = await Promise.all(
      this.#outputs.map(async (output) => {
        if (!isDue(output)) return output;
        return few.run(async () => ({ entry: await this.#copy(output.entry, floor, signal), floor }));
      }),
    );
  }

  async #copy(entry: FileEntry, floor: string, signal: AbortSignal | undefined): Promise<FileEntry> {
    const { ids, objects } = this.#manifest;
    const id = ids.mint(floor);
    try {
      await objects.put(objectKey(id), await objects.get(objectKey(entry.id), { signal }), { signal });
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw error;
      const problem = 'garbage collection overtook a merge, which takes longer than two of its passes';
      throw new ClorthoError('CLORTHO_CONFLICT', `${problem}: object=${objectKey(entry.id)}`, {
        cause: error,
      });
    }
    return { ...entry, id };
  }
}
