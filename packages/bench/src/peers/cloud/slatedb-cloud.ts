/**
 * SlateDB in the modelled cloud. Its binding has no figure for the cache in memory, which holds all of a store of this size; so
 * it keeps parts of objects on disk, of which it can be told how many bytes.
 */
import { join } from 'node:path';
import { startSubject } from '../../workload/subject.ts';
import { openSlatedbAt } from '../drivers/slatedb.ts';
import type { CloudRequests, CloudStore } from './modelled-cloud.ts';
import type { S3Place } from './s3-process.ts';

/**
 * With this it asks least: less than with its default, 4 MiB, and with 4 or 64 KiB, for it reads index and filter through the
 * same parts.
 */
const PART_BYTES = 2 ** 20;

/** Makes an empty one; its cache is in `folder`. */
export async function slatedbInCloud(folder: string): Promise<CloudStore> {
  const server = await startSubject<unknown>('./s3-process.js', import.meta.url, {});
  const { endpoint, accessKeyId, secretAccessKey, region, bucket } = (await server.round('place')) as S3Place;
  Object.assign(process.env, {
    AWS_ENDPOINT: endpoint,
    AWS_ALLOW_HTTP: 'true',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
  });
  return {
    async open(cache) {
      if (cache === 'metadata') return undefined;
      const at = { store: `s3://${bucket}`, path: 'slatedb', durable: true, flushesAtEnd: true };
      if (cache === 'everything') return openSlatedbAt(at);
      const settings = {
        'object_store_cache_options.root_folder': join(folder, 'cache'),
        'object_store_cache_options.max_cache_size_bytes': cache,
        'object_store_cache_options.part_size_bytes': PART_BYTES,
      };
      return openSlatedbAt({ ...at, settings, withoutMemory: true });
    },
    async setSlow(isSlow) {
      await server.round(isSlow ? 'slow' : 'fast');
    },
    async requests() {
      return (await server.round('requests')) as CloudRequests;
    },
    close: () => server.end(),
  };
}
