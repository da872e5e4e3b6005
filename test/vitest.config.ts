import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lab/**', 'test/vm/**', 'node_modules/**'],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
