import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lab/**', 'test/vm/**', 'node_modules/**'],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
