import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real-vscode/**'],
    pool: 'forks',
    testTimeout: 20_000,
    reporters: ['default'],
  },
});
