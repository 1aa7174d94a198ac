import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RowPages } from '../indexer/reports/document.ts'
import { openWriters, piecesOf } from '../indexer/reports/writers/index.ts'
import { monthDocument, monthRow } from '../indexer/reports/writers/testing/month.ts'
import { REPORT_FORMATS, type ReportFormat } from '../schema/api/index.ts'

/**
 * Measures the writers of reports, each in a process of its own: time, size, and the most memory that the process had. The rows are made up in
 * its main thread, as the store would hand them over; a thread writes them.
 *
 *   node bench/reports.ts                  all
 *   node bench/reports.ts pdf 14500        one format, 14,500 rows
 */
const CASES: readonly (readonly [ReportFormat, number])[] = [
  ['pdf', 14_500],
  ['pdf', 1_000_000],
  ['html', 100_000],
  ['xlsx', 1_000_000],
  ['csv', 1_000_000],
  ['json', 1_000_000],
  ['ndjson', 10_000_000],
]
const PAGE_ROWS = 1000

async function measure(format: ReportFormat, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-reports-'))
  const path = join(folder, `report.${format}`)
  const sample = Array.from({ length: 20_000 }, (_, index) => monthRow(index, 20_000))
  async function* rows(): RowPages {
    for (let first = 0; first < count; first += PAGE_ROWS) {
      const from = first % sample.length
      yield sample.slice(from, from + Math.min(PAGE_ROWS, count - first))
    }
  }
  const writers = openWriters()
  const { signal } = new AbortController()
  let asleep = 0
  let last = performance.now()
  const watch = setInterval(() => {
    const now = performance.now()
    asleep = Math.max(asleep, now - last - 10)
    last = now
  }, 10)
  const begun = performance.now()
  try {
    const document = monthDocument(count)
    const { bytes, proof } = await writers.write({
      format,
      document,
      rows: rows(),
      path,
      signal,
      report: () => {},
    })
    const written = performance.now()
    clearInterval(watch)
    const most = process.resourceUsage().maxRSS / 1024
    const verifying = performance.now()
    const found = piecesOf(path, format, { proof })
    if ('problem' in found) throw new Error(found.problem)
    console.log(
      [
        format.padEnd(6),
        `${count.toLocaleString('en').padStart(10)} rows`,
        `${((written - begun) / 1000).toFixed(1).padStart(6)} s`,
        `${(bytes / 1e6).toFixed(1).padStart(7)} MB`,
        `${most.toFixed(0).padStart(4)} MiB at most`,
        `main thread busy for ${asleep.toFixed(0)} ms at most`,
        `pieces again in ${((performance.now() - verifying) / 1000).toFixed(1)} s`,
      ].join('  '),
    )
  } finally {
    await writers.close()
    rmSync(folder, { recursive: true })
  }
}

const [format, count] = process.argv.slice(2)
const known = REPORT_FORMATS.find((one) => one === format)
if (known !== undefined) await measure(known, Number(count ?? 10_000))
else {
  for (const [each, rows] of CASES)
    execFileSync(process.execPath, [import.meta.filename, each, String(rows)], { stdio: 'inherit' })
}
