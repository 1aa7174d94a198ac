import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import './test/compile-cache.ts'
import { quickDisk } from './test/quick-disk.ts'

// For tests of what only a real disk does.
process.env.WAYBILL_DISK ??= tmpdir()
process.env.TMPDIR = quickDisk

export default defineConfig({
  test: {
    include: ['{agent,indexer,schema,config,dashboards,demo,packaging,test}/**/*.test.ts'],
    // Those have runs of their own: `npm run test:system`, `npm run test:engine`.
    exclude: [...configDefaults.exclude, '**/*.{system,engine,archive,reports,packages}.test.ts'],
    globalSetup: ['test/threads.ts'],
    execArgv: ['--import', join(import.meta.dirname, 'test/threads-loader.js')],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A limit costs time only where something is wrong; a short one fails on a busy machine.
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    teardownTimeout: 60_000,
    // The files of one worker share the modules that they import: to load them again for each file takes as long as half of the tests.
    isolate: false,
    maxWorkers: 2,
  },
})
