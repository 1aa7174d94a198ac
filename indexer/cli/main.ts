#!/usr/bin/env node
import { hideBin } from 'yargs/helpers'
import { commandLine } from './command-line.ts'

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader went away (`| head`), so there is nobody to report to.
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

await commandLine(hideBin(process.argv))
