import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:system`: whole processes, as a user starts them, with faults from outside. Minutes, where `npm test` is quick. */
export default defineConfig({
  test: {
    include: ['{agent,indexer,demo,test}/**/*.system.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A limit costs time only where something is wrong; a short one fails on a busy machine.
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
})
