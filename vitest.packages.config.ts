import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:packages`: packages are built, and installed in a Debian of their own, which the first run fetches from Debian's mirror. */
export default defineConfig({
  test: {
    include: ['packaging/**/*.packages.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 1_200_000,
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
})
