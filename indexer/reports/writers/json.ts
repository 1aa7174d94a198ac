import type { ReportDocument } from '../document.ts'
import { Clock } from './clock.ts'
import type { WriteRequest } from './index.ts'
import type { Output } from './output.ts'
import { cutAfter, cutRest, eachRow } from './rows.ts'

/** Each event on a line of its own, as it is stored. */
export async function writeNdjson(output: Output, request: WriteRequest): Promise<number> {
  const count = await eachRow(request, ({ line }, index) => {
    output.text(line)
    output.text('\n')
    cutAfter(output, index + 1)
  })
  cutRest(output, count)
  return count
}

/** What is before the rows ends with this line, and each row is a line: so pieces are found again in the file. */
export const JSON_ROWS = '"rows":[\n'

/** One object: what the first page says, the findings, and the events as they are stored. */
export async function writeJson(output: Output, request: WriteRequest): Promise<number> {
  const { document } = request
  output.text(`{"document":${JSON.stringify(plain(document))},\n${JSON_ROWS}`)
  output.cut('the document before the rows')
  let last: string | null = null
  let written = 0
  const count = await eachRow(request, ({ line }) => {
    if (last !== null) {
      output.text(last)
      output.text(',\n')
      cutAfter(output, ++written)
    }
    last = line
  })
  if (last !== null) {
    output.text(last)
    output.text('\n')
    cutAfter(output, ++written)
  }
  cutRest(output, written)
  output.text(']}\n')
  output.cut('the end')
  return count
}

/** Without the logo, and with times that people can read beside those of machines. */
function plain(document: ReportDocument): object {
  const clock = new Clock(document.zone)
  const { organisation, period, requested } = document
  return {
    ...document,
    organisation: organisation === null ? null : { name: organisation.name },
    period: { ...period, fromText: clock.iso(period.from), toText: clock.iso(period.to) },
    requested: { ...requested, atText: clock.iso(requested.at) },
  }
}
