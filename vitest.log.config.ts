import { defineConfig } from 'vitest/config'
import './test/compile-cache.ts'

/** `npm run test:log`: the transparency log, checked by other people's programs, which Go builds from their sources. */
export default defineConfig({
  test: {
    include: ['test/log/*.peer.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 1,
  },
})
