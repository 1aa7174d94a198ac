#!/usr/bin/env node
import { hideBin } from 'yargs/helpers'
import { commandLine } from './command-line.ts'

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader went away (`| head`): nobody is left to tell.
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

await commandLine(hideBin(process.argv))
