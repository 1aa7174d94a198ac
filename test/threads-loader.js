import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Threads of the tests begin with the files that `threads.ts` made. Node loads this file first, in each process of tests and each of its threads. */
const folder = process.env.WAYBILL_THREADS
const root = pathToFileURL(join(import.meta.dirname, '..')).href

if (folder !== undefined)
  registerHooks({
    resolve(specifier, context, next) {
      const path =
        specifier.startsWith(root) && specifier.endsWith('.ts') ? specifier.slice(root.length, -3) : null
      const made = path === null ? null : join(folder, `${path}.js`)
      return next(made !== null && existsSync(made) ? pathToFileURL(made).href : specifier, context)
    },
  })
