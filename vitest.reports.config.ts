import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:reports`: reports, read and validated by other people's programs, which Maven and pip fetch the first time. */
export default defineConfig({
  test: {
    include: ['indexer/reports/**/*.reports.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
  },
})
