import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:engine`: what needs a real Elasticsearch. One engine, one file at a time. */
export default defineConfig({
  test: {
    include: ['{dashboards,indexer,test}/**/*.engine.test.ts'],
    globalSetup: ['test/engines/setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // A limit costs time only where something is wrong; a short one fails on a busy machine.
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
})
