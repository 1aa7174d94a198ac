import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'
import type { TestProject } from 'vitest/node'

/**
 * A thread that loads a hundred files takes 200 ms of a processor before it does anything, and the tests start thousands. So before they
 * begin the code of each kind of thread is put into one file, as `npm run build` does: that takes a second, and a thread then begins in 60
 * ms. `threads-loader.js` has threads begin with that file.
 */
const ROOT = join(import.meta.dirname, '..')
const CACHE = join(ROOT, 'node_modules/.cache')

const THREADS = [
  'agent/normalise/batch/worker',
  'indexer/ingest/worker',
  'indexer/reports/writers/thread',
  'indexer/store/embedded/threads/writer',
  'indexer/store/embedded/threads/reader',
  'indexer/store/embedded/threads/merger',
]

/** Makes code find the files beside its source in the source's place: `placeOf` gives it as an expression. */
export const places = (placeOf: (id: string) => string) =>
  ({
    name: 'places',
    transform: {
      filter: { id: /\.ts$/, code: /import\.meta\.url/ },
      handler: (code: string, id: string) => code.replaceAll('import.meta.url', placeOf(id)),
    },
  }) satisfies Plugin

async function build(folder: string): Promise<void> {
  const made = await rolldown({
    input: Object.fromEntries(THREADS.map((name) => [name, join(ROOT, `${name}.ts`)])),
    platform: 'node',
    external: (name) => !/^[./]/.test(name),
    plugins: [places((id) => JSON.stringify(pathToFileURL(id).href))],
  })
  await made.write({ dir: folder, entryFileNames: '[name].js' })
  await made.close()
}

export default async function setup(project: TestProject): Promise<() => void> {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'waybill-threads-'))
  process.env.WAYBILL_THREADS = folder
  await build(folder)
  project.onTestsRerun(() => build(folder))
  return () => rmSync(folder, { recursive: true, force: true })
}
