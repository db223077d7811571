/** The unit tests of all packages and of the scripts around them. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where the longest tests are: begun last, one of them would keep one core busy while the others have nothing to do. */
const BEGIN_WITH = /\/(?:cli\/test\/demo\/demo|engine\/test\/processes)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isFirst = ({ moduleId }: TestSpecification): boolean => BEGIN_WITH.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    // A limit is there for what hangs. The longest tests without one of their own take 10 s on two free cores, and
    // three times that on a machine that others use as well.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Modules have no state of their own, so files can share a process. With one for each, two fifths of all the time
    // went into starting processes and loading the same modules a hundred times.
    isolate: false,
    // By default one core stays idle, which is half of a small machine. And a third of the time, tests only wait.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: LongestFirst },
    // The SDK announces on every start on Node 20 that it will leave it some day.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
