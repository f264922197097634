import { defineConfig } from 'vitest/config';

// `vitest run` is seconds; `vitest run --mode slow` runs what takes minutes, files named `*.slow.test.ts`.
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'slow' ? 'test/**/*.slow.test.ts' : 'test/**/*.test.ts'],
    exclude: ['test/real-vscode/**', ...(mode === 'slow' ? [] : ['test/**/*.slow.test.ts'])],
    pool: 'forks',
    testTimeout: 20_000,
    reporters: ['default'],
  },
}));
