import type { ReportFormat } from '../../../schema/api/index.ts'
import { writeCsv } from './csv.ts'
import type { WriteRequest, WrittenFile } from './index.ts'
import { writeJson, writeNdjson } from './json.ts'
import { Output } from './output.ts'

/** Writes what a format has, and resolves the number of rows. */
type Write = (output: Output, request: WriteRequest) => Promise<number>

const WRITES: Partial<Record<ReportFormat, Write>> = {
  csv: writeCsv,
  json: writeJson,
  ndjson: writeNdjson,
}

/** Writes one file in this thread. If it fails or is cancelled, no file is left. */
export async function writeFile(request: WriteRequest): Promise<WrittenFile> {
  const output = new Output(request.path)
  try {
    const rows = await WRITES[request.format]!(output, request)
    return output.finish(rows)
  } catch (thrown) {
    output.discard()
    throw thrown
  }
}
