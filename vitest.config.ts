import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two workers: the machines this runs on have two cores.
    maxWorkers: 2,
  },
  resolve: {
    alias: [
      { find: /^pushforward$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      {
        find: /^pushforward\/backends$/,
        replacement: new URL('./src/core/interpreters/index.ts', import.meta.url).pathname,
      },
      { find: /^pushforward\/(.+)$/, replacement: new URL('./src/', import.meta.url).pathname.concat('$1/index.ts') },
    ],
  },
});
