import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:browser`: the console in a real Chromium. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A limit costs time only where something is wrong; a short one fails on a busy machine.
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
  },
})
