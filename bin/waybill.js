#!/usr/bin/env -S node --initial-old-space-size=96
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const NEEDED = 26
if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `waybill needs Node ${NEEDED} or newer, and this is ${process.version}. In the checkout call it by npx, which finds the right one.\n`,
  )
  process.exit(1)
}

// What Node makes of each source file is kept: the next start is quicker, and takes half the memory, workers included.
const cache =
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../node_modules/.cache/waybill', import.meta.url))
module.enableCompileCache(cache)
process.env.NODE_COMPILE_CACHE = cache

await import('../indexer/cli/main.ts')
