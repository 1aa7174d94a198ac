import { once } from 'node:events'
import { harmlessJson } from './terminal.ts'

/** Standard output, no faster than its reader: what is written waits until the reader has taken it. */
export async function write(text: string): Promise<void> {
  if (text === '') return
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

export const writeLines = (lines: readonly string[]): Promise<void> =>
  write(lines.length === 0 ? '' : `${lines.join('\n')}\n`)

/** One object a line, for programs. */
export const jsonLines = (objects: readonly unknown[]): string[] =>
  objects.map((object) =>
    process.stdout.isTTY ? harmlessJson(JSON.stringify(object)) : JSON.stringify(object),
  )
