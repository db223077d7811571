/**
 * The modelled cloud for stores that speak S3 themselves: a server in a process of its own, which holds every request back for
 * as long as it would take.
 */
import { systemClock } from '@clortho/base';
import { createBucket } from '@clortho/object-store';
import { type S3Server, startS3Server } from '@clortho/testkit';
import { beSubject } from '../../workload/subject.ts';
import { type CloudRequests, getMs, PUT_MS } from './modelled-cloud.ts';

/** What a client needs to know. */
export interface S3Place {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucket: string;
}

const BUCKET = 'modelled-cloud';

await beSubject(async () => {
  const server = await startS3Server();
  const { endpoint, accessKeyId, secretAccessKey, region } = server;
  const place: S3Place = { endpoint, accessKeyId, secretAccessKey, region, bucket: BUCKET };
  await createBucket({ bucket: BUCKET, endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  return {
    async round(request) {
      switch (request) {
        case 'place':
          return place;
        case 'requests':
          return requestsOf(server);
        case 'slow':
          server.faults.onRequest = async ({ operation, headers }) => {
            const isRead = operation === 'GetObject' || operation === 'HeadObject';
            await systemClock.sleep(isRead ? getMs(bytesAskedFor(headers.range)) : PUT_MS);
            return undefined;
          };
          return undefined;
        default:
          server.faults.onRequest = undefined;
          return undefined;
      }
    },
    end: () => server.close(),
  };
});

/** Nobody asks for large objects whole. */
function bytesAskedFor(range: string | undefined): number {
  const bounds = /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
  return bounds === null ? 0 : Number(bounds[2]) - Number(bounds[1]) + 1;
}

function requestsOf({ counters }: S3Server): CloudRequests {
  const { operations, bytesSent } = counters;
  let [gets, puts, deletes] = [0, 0, 0];
  for (const [operation, count] of Object.entries(operations)) {
    if (operation === 'GetObject' || operation === 'HeadObject') gets += count;
    else if (operation.startsWith('Delete') || operation.startsWith('Abort')) deletes += count;
    else puts += count;
  }
  return { gets, puts, deletes, registerReads: 0, registerWrites: 0, bytesGot: bytesSent };
}
