import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:archive`: the archive on a real S3 server with Object Lock, which the first run builds with Go. */
export default defineConfig({
  test: {
    include: ['indexer/**/*.archive.test.ts'],
    testTimeout: 120_000,
    // The first run downloads and builds the server.
    hookTimeout: 1_200_000,
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
})
