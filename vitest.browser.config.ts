import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:browser`: the console in a real Chromium. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
  },
})
