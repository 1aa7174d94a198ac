import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { OperatorError } from '../../../schema/index.ts'
import { csvCell, csvQuoted } from '../../columns.ts'
import type { WriteRequest, WrittenFile } from '../writers/index.ts'

/** Writes CSV and NDJSON: what needs no layout. */
export async function writePlain({
  format,
  document,
  rows,
  path,
  signal,
  report,
}: WriteRequest): Promise<WrittenFile> {
  if (format !== 'csv' && format !== 'ndjson')
    throw new OperatorError(
      'WB-REQUEST-INVALID',
      `This indexer can't write ${format} yet; ask for csv or ndjson`,
    )
  const file = await open(path, 'w', 0o600)
  const whole = createHash('sha256')
  let bytes = 0
  let count = 0
  const write = async (text: string): Promise<void> => {
    const buffer = Buffer.from(text)
    for (let at = 0; at < buffer.length; ) at += (await file.write(buffer, at)).bytesWritten
    whole.update(buffer)
    bytes += buffer.length
  }
  try {
    const columns = document.rows?.columns ?? []
    if (format === 'csv') await write(`\ufeff${columns.map(({ title }) => csvQuoted(title)).join(',')}\r\n`)
    for await (const page of rows) {
      signal.throwIfAborted()
      await write(
        page
          .map(({ cells, line }) =>
            format === 'ndjson'
              ? `${line}\n`
              : `${cells.map((cell, i) => csvCell(textOf(cell, columns[i]?.kind))).join(',')}\r\n`,
          )
          .join(''),
      )
      count += page.length
      report(count)
    }
  } finally {
    await file.close()
  }
  return { bytes, rows: count, sha256: whole.digest('hex'), pieces: [], proof: null }
}

const textOf = (cell: string | number | null, kind: string | undefined): string =>
  cell === null ? '' : kind === 'time' ? new Date(Number(cell)).toISOString() : String(cell)
