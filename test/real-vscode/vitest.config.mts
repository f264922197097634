import { defineConfig } from 'vitest/config';

// The packaged extension in a real VS Code: `npm run test:vscode`, which sets MARGIN_VSIX and MARGIN_VSCODE.
export default defineConfig({
  test: {
    include: ['test/real-vscode/**/*.test.ts'],
    pool: 'forks',
    // One VS Code and one browser at a time: two of each would starve a small machine into timeouts.
    fileParallelism: false,
    testTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 180_000,
    sequence: { concurrent: false },
  },
});
