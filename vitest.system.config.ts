import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import './test/compile-cache.ts'

/** A file that takes long and begins last keeps one worker busy while the other has nothing to do. */
class LongFirst extends BaseSequencer {
  static readonly #long = ['first-run', 'attack']

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LongFirst.#long.findIndex((name) => moduleId.includes(name))
      return found === -1 ? LongFirst.#long.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

/** `npm run test:system`: whole processes, as a user starts them, with faults from outside. Minutes, where `npm test` is quick. */
export default defineConfig({
  test: {
    include: ['{agent,indexer,demo,test}/**/*.system.test.ts'],
    globalSetup: ['test/threads.ts'],
    execArgv: ['--import', join(import.meta.dirname, 'test/threads-loader.js')],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A limit costs time only where something is wrong; a short one fails on a busy machine.
    expect: { poll: { timeout: 50_000 } },
    reporters: ['default', './test/skipped.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
  },
})
