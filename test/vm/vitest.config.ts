// The tests that run inside the virtual machine, which is some thirty times slower than its host.
import { defineConfig } from 'vitest/config';
import { namesOfTests } from './test-names.ts';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/contract/dataplane/{target,lio-*,lvm,vlan}.test.ts', 'test/contract/watchdog/softdog.test.ts'],
    testNamePattern: namesOfTests,
    pool: 'threads',
    // By Node itself, which finds them compiled.
    experimental: { viteModuleRunner: false },
    fileParallelism: false,
    isolate: false,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
