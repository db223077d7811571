/**
 * `pnpm bench:compaction`: how fast merges are, what memory they take, and whether the host notices.
 *
 *     --rows N    rows of the merge, a million by default       --rounds N   how often everything is measured, 7
 */
import { runBench } from '../report/run-bench.ts';
import { loopDelay } from './loop-delay.ts';
import { mergeRate } from './merge-rate.ts';

await runBench({
  name: 'compaction',
  title: 'Compaction, measured',
  sizes: { rows: 1_000_000, rounds: 7 },
  async run({ seed, sizes, progress }) {
    const rows = { seed, rows: Math.max(1, sizes.rows) };
    progress.begin('merging without compression');
    const plain = await mergeRate(rows, 'none', ['base', 'delta'], sizes.rounds, progress);
    progress.begin('merging with LZ4');
    const lz4 = await mergeRate(rows, 'lz4', ['base', 'delta'], sizes.rounds, progress);
    progress.begin('a store that compacts beside its host');
    const loop = await loopDelay(rows);
    return {
      about: [
        `${sizes.rows.toLocaleString('en-US')} rows with keys of 16 bytes and values of 100, half of which is noise, in four runs ` +
          'of one file each. A worker of `compactionPool` merges them from files into files, all through the thread of the host. ' +
          'MB are a million bytes of keys and values.',
        'The bare kernel is the least that any merge has to do: a tree of losers over numbers made of the keys, one copy per row, ' +
          'a hash and a Bloom filter, a checksum per block, with LZ4 decompression and compression as well. Its rows lie in ' +
          'memory, prepared for it, and it keeps nothing safe: no files, no index, no timestamps, no versions. The kernel of the format does ' +
          'the same from files into files, and nothing else that a merge does: with all in memory, and in a worker between files, as a ' +
          'merge runs. Kernels and merges take turns, each in a process of its own; a share is the median of the rounds.',
        'A merge was to reach 60 % of the bare kernel. Without a codec the kernel of the format in a worker does not reach that either, so ' +
          'it is out of reach of any merge in a worker between files of this format in JavaScript; with LZ4 that depends on the ' +
          'moment: [why](compaction-limit.md). What is asked of the merge is half of the kernel of the format in memory.',
      ],
      sections: [
        { title: 'Four runs, no codec', figures: plain },
        { title: 'Four runs, LZ4 in and out', figures: lz4 },
        { title: 'The event loop of the host', figures: loop },
      ],
    };
  },
});
