import type { ReportFormat } from '../../../schema/api/index.ts'
import { writeCsv } from './csv.ts'
import { writeHtml } from './html.ts'
import type { WriteRequest, WrittenFile } from './index.ts'
import { writeJson, writeNdjson } from './json.ts'
import { Output } from './output.ts'
import { writeXlsx } from './xlsx/index.ts'

/** Writes what a format has, and resolves the number of rows and, in a PDF, the room for its proof. */
type Write = (
  output: Output,
  request: WriteRequest,
) => Promise<number | { readonly rows: number; readonly proof: WrittenFile['proof'] }>

const WRITES: Readonly<Record<ReportFormat, Write>> = {
  csv: writeCsv,
  html: writeHtml,
  xlsx: writeXlsx,
  json: writeJson,
  ndjson: writeNdjson,
  // The fonts and what draws with them take 10 MB, which only a PDF needs.
  pdf: async (output, request) => (await import('./pdf/index.ts')).writePdf(output, request),
}

/** Writes one file in this thread. If it fails or is cancelled, no file is left. */
export async function writeFile(request: WriteRequest): Promise<WrittenFile> {
  const output = new Output(request.path)
  try {
    const written = await WRITES[request.format](output, request)
    return typeof written === 'number' ? output.finish(written) : output.finish(written.rows, written.proof)
  } catch (thrown) {
    output.discard()
    throw thrown
  }
}
