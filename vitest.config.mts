import { defineConfig } from 'vitest/config';

// `vitest run` is seconds; `vitest run --mode slow` runs what takes minutes, files named `*.slow.test.ts`.
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'slow' ? 'test/**/*.slow.test.ts' : 'test/**/*.test.ts'],
    exclude: ['test/real-vscode/**', ...(mode === 'slow' ? [] : ['test/**/*.slow.test.ts'])],
    pool: 'forks',
    testTimeout: 60_000,
    // A busy machine only makes a test slower: what is waited for may take its time.
    expect: { poll: { timeout: 30_000 } },
    // CI shares its processors: a browser that was kept waiting gets a second chance there, and nowhere else.
    retry: process.env.CI ? 2 : 0,
    // .ci/run counts the tests of all its steps, and says where each is to leave its report.
    reporters: process.env.MARGIN_REPORT
      ? ['default', ['json', { outputFile: process.env.MARGIN_REPORT }]]
      : ['default'],
  },
}));
