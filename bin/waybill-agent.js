#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=1 --no-maglev --no-short-builtin-calls
import './node26.js'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'

// What an agent beside quiet files is better without: see docs/design/performance-notes.md. A V8 that doesn't know one of them says so, and goes on.
const AT_REST = [
  // Switched on for work: agent/normalise/batch/engine.ts.
  '--no-opt',
  '--memory-saver-mode',
  // WebAssembly has a way of its own to that compiler, for which a few hundred records and answers must not be enough.
  '--wasm-tiering-budget=1000000000',
  '--wasm-wrapper-tiering-budget=1000000',
]
for (const flag of AT_REST) v8.setFlagsFromString(flag)

const MAIN = '../agent/cli/main.ts'
// What Node makes of each source file is kept: the next start is quicker, and takes half the memory, workers included. What is built
// starts as quickly without, and stays 2 MB smaller; its workers have it.
const cache =
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../node_modules/.cache/waybill', import.meta.url))
if (MAIN.endsWith('.ts')) module.enableCompileCache(cache)
process.env.NODE_COMPILE_CACHE = cache

await import(MAIN)
