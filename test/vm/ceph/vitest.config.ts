// The tests that run inside the virtual machine beside a Ceph.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../../..', import.meta.url).pathname,
  test: {
    include: ['test/vm/ceph/*.test.ts'],
    pool: 'threads',
    // By Node itself, which finds them compiled.
    experimental: { viteModuleRunner: false },
    fileParallelism: false,
    isolate: false,
    // As many as the machine has processors.
    maxConcurrency: 2,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
