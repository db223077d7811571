/**
 * `pnpm bench:history`: what history costs to write, to keep away from, to read and to throw away.
 *
 *     --rows N        keys, 100,000 by default        --overwrites N   how often each is overwritten on average, 30
 *     --logRows N     rows of the log family, 1,000,000
 */
import { runBench } from '../report/run-bench.ts';
import { recentFigures, scanFigures, spaceFigure, truncateFigures, writeFigures } from './costs.ts';
import { load } from './load.ts';
import { logFigures } from './log-costs.ts';
import { timelineOf } from './timeline.ts';

await runBench({
  name: 'history',
  title: 'History, measured',
  sizes: { rows: 100_000, overwrites: 30, logRows: 1_000_000 },
  async run({ seed, sizes, progress }) {
    progress.begin('drawing the writes');
    const timeline = timelineOf({ seed, keys: sizes.rows, overwrites: sizes.overwrites });
    progress.begin('writing');
    const loaded = await load(timeline, progress);
    progress.begin('reading');
    const writes = writeFigures(timeline, loaded);
    const space = await spaceFigure(timeline, loaded, 'after compact()', { most: 1.15 });
    const scan = await scanFigures(timeline, loaded);
    const recent = await recentFigures(timeline, loaded);
    progress.begin('truncating');
    const truncation = await truncateFigures(loaded);
    await loaded.store.compact();
    space.push(...(await spaceFigure(timeline, loaded, 'half truncated, after compact()', undefined)));
    await loaded.store.close();
    progress.begin('appending to a log');
    const log = await logFigures(seed, sizes.logRows, 'lz4', progress);
    const plainLog = await logFigures(seed, sizes.logRows, 'none', progress);
    return {
      about: about(sizes),
      sections: [
        { title: 'Writing', figures: writes },
        { title: 'A scan of the latest state', figures: scan },
        { title: 'As of a minute ago', figures: recent },
        { title: 'Truncating half of the history', figures: truncation },
        { title: 'Space', figures: space },
        { title: 'A log family', figures: log },
        { title: 'A log family without compression', figures: plainLog },
      ],
    };
  },
});

function about(sizes: { readonly rows: number; readonly overwrites: number }): string[] {
  return [
    `${sizes.rows.toLocaleString('en-US')} keys, each overwritten ${sizes.overwrites} times on average with skew (theta 0.99), in ` +
      `batches of a thousand over ${sizes.overwrites} simulated hours, into a store in memory with default tuning. The last 40 % of the time is ` +
      'retained. A byte of the user is one of a key or a value; files are compressed with LZ4.',
    'The engine cannot keep all versions in one base. What that would cost is measured on a twin: whenever the engine has ' +
      'merged delta into base, the twin merges the same commits, by the same `executeMerge`, into a base in which every ' +
      'retained version stays beside the newest one, as in stores that keep versions side by side. It merges as often as the engine, so ' +
      'that its delta is the same and a read of the latest state looks at as many runs. With the rule of the strategy, a ' +
      'quarter of base, a base of all versions would be merged less often and written less; but delta would grow with history, and every ' +
      'read of the latest state with it.',
    'Truncation drops whole files and rewrites nothing. The bucket that the new horizon falls into keeps what ended before it ' +
      'until the whole bucket goes: that is the space after half of the history was truncated.',
    'Nothing is in memory when something is read: a handle is opened anew, and objects read are counted by the object store.',
  ];
}
