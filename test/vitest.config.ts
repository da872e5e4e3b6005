import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a kernel of its own is run by `npm run vm`: see test/vm/vitest.config.ts.
    exclude: [
      'test/lab/**',
      'test/vm/**',
      'test/contract/dataplane/{lio-*,lvm}.test.ts',
      'test/contract/watchdog/softdog.test.ts',
      'node_modules/**',
    ],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
