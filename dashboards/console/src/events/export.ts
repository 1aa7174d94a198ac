import { send } from '../api/ask.ts'
import { csvHead, csvLine } from './csv.ts'
import type { Event } from './event.ts'

export type Format = 'csv' | 'ndjson'

interface Exported {
  readonly q: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly sort: 'newest' | 'oldest'
}

/** Streams all that was found into a file of the reader's, and says how far it is. */
export async function exportEvents(
  what: Exported,
  format: Format,
  columns: readonly string[],
  told: (lines: number) => void,
  stop: AbortSignal,
): Promise<void> {
  const response = await send('getSearch', { query: what }, 'application/x-ndjson', stop)
  if (response.body === null) throw new Error('The indexer answered with nothing.')
  const parts: BlobPart[] = format === 'csv' ? [csvHead(columns)] : []
  let count = 0
  const lines = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(linesOf())
  for await (const batch of iterate(lines)) {
    count += batch.length
    // Blobs are the browser's to keep, on the disk where they are large.
    parts.push(new Blob(batch.map((line) => (format === 'csv' ? csvOf(line, columns) : `${line}\n`))))
    told(count)
  }
  const type = format === 'csv' ? 'text/csv;charset=utf-8' : 'application/x-ndjson'
  save(
    new Blob(parts, { type }),
    `waybill-events-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`,
  )
}

function csvOf(line: string, columns: readonly string[]): string {
  const event: Event = JSON.parse(line)
  return csvLine(event, columns)
}

/** Not all browsers can walk over a stream by `for await`. */
async function* iterate<Item>(stream: ReadableStream<Item>): AsyncGenerator<Item, void> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

function linesOf(): TransformStream<string, string[]> {
  let rest = ''
  return new TransformStream({
    transform(text, out) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (lines.length > 0) out.enqueue(lines)
    },
    flush(out) {
      if (rest !== '') out.enqueue([rest])
    },
  })
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
