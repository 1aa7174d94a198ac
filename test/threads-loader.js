import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Threads of the tests begin with the files that `threads.ts` made. Node loads this file first, in each process of tests and each of its threads. */
const folder = process.env.WAYBILL_THREADS
const root = pathToFileURL(join(import.meta.dirname, '..')).href
const THREAD = /^\/(agent\/normalise\/worker|indexer\/(?:ingest\/worker|store\/embedded\/threads\/\w+))\.ts$/

if (folder !== undefined)
  registerHooks({
    resolve(specifier, context, next) {
      const name = specifier.startsWith(root) ? THREAD.exec(specifier.slice(root.length))?.[1] : undefined
      return name === undefined
        ? next(specifier, context)
        : next(pathToFileURL(join(folder, `${name}.js`)).href, context)
    },
  })
