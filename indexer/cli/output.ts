import { once } from 'node:events'

/** Standard output, no faster than its reader: what is written waits until the reader has taken it. */
export async function write(text: string): Promise<void> {
  if (text === '') return
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

export const writeLines = (lines: readonly string[]): Promise<void> =>
  write(lines.length === 0 ? '' : `${lines.join('\n')}\n`)
