/** The host of format-worker.ts: reads and writes files for it. */
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { type CodecName, fileSource } from '@clortho/sst';
import type { FormatHostMessage, FormatWorkerMessage, FormatWorkerSetup } from './format-worker.ts';

/** The kernel in a worker, ready. */
export interface FormatHost {
  /** Merges the files once and returns how many rows there were. */
  merge(): Promise<number>;
  end(): Promise<void>;
}

/** Starts a worker that merges `files`; what it writes goes to `output`. */
export async function startFormatHost(
  files: readonly string[],
  codec: CodecName,
  output: string,
): Promise<FormatHost> {
  const handles = await Promise.all(files.map((path) => open(path)));
  const sources = handles.map((handle) => fileSource(handle));
  const sizes = await Promise.all(handles.map(async (handle) => (await handle.stat()).size));
  const workerData: FormatWorkerSetup = { codec, sizes };
  const worker = new Worker(new URL('./format-worker.js', import.meta.url), { workerData });
  await once(worker, 'online');
  return {
    merge: () =>
      new Promise((resolve, reject) => {
        worker.removeAllListeners('message');
        worker.on('message', (message: FormatWorkerMessage) => {
          if (message.type === 'done') resolve(message.rows);
          else answer(message).catch(reject);
        });
        worker.once('error', reject);
        worker.postMessage('round' satisfies FormatHostMessage);
      }),
    async end() {
      await worker.terminate();
      await Promise.all(handles.map((handle: FileHandle) => handle.close()));
    },
  };

  async function answer(message: Exclude<FormatWorkerMessage, { type: 'done' }>): Promise<void> {
    const { call } = message;
    let bytes: readonly Uint8Array[];
    if (message.type === 'emit') {
      const handle = await open(output, 'w');
      await handle.writev([...message.chunks]);
      await handle.close();
      bytes = message.chunks;
    } else {
      const source = sources[message.file];
      if (source === undefined) throw new Error(`not a file: ${message.file}`);
      bytes = [new Uint8Array(await source.read(message.offset, message.length))];
    }
    const reply: FormatHostMessage = { call, bytes };
    worker.postMessage(
      reply,
      bytes.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }
}
