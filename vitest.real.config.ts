/**
 * The tests that talk to real servers, or run many processes, or one again and again, for a minute.
 * `scripts/real-servers test` starts the servers and runs these.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.real.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // The servers share the machine: one file at a time keeps their latencies, and so the time-outs, honest.
    fileParallelism: false,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
