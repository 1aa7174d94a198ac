/**
 * Exports and reports of a store, as jobs.
 *
 *   npm run bench:exports -- [events] [--dir folder] [--formats csv,ndjson] [--report user-access]
 *
 * Stores a month of events, starts an indexer on it, asks it for a job, and prints how long the job took, how many rows a second, and the
 * process's greatest memory while it ran.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { filled, served } from './month-store.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    formats: { type: 'string', default: 'csv,ndjson' },
    report: { type: 'string' },
  },
})
const total = Number(positionals[0] ?? 1_000_000)
const folder = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-exports-')))
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

interface Shown {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly begun: number
  readonly finished: number
  readonly files: readonly { readonly bytes: number; readonly rows: number }[]
}

async function ask(url: string, path: string, body?: object): Promise<Shown> {
  const answer = await fetch(url + path, {
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text) as Shown
}

try {
  await mkdir(folder, { recursive: true })
  const { end, taken } = await filled(folder, total)
  console.log(`${total} events, stored in ${taken} s`)
  const indexer = await served(folder, end)
  try {
    for (const format of values.formats.split(',')) {
      const work =
        values.report === undefined
          ? { makes: 'export', export: { own: true } }
          : { makes: 'report', report: values.report, parameters: { from: 'now-40d', to: 'now' } }
      const before = process.memoryUsage.rss()
      let peak = before
      let job = await ask(indexer.url, '/v1/jobs', { ...work, formats: [format] })
      while (job.state === 'waiting' || job.state === 'running') {
        await setTimeout(200)
        peak = Math.max(peak, process.memoryUsage.rss())
        job = await ask(indexer.url, `/v1/jobs/${job.id}`)
      }
      if (job.state !== 'done') throw new Error(`${job.state}: ${job.reason}`)
      const [file] = job.files
      const seconds = (job.finished - job.begun) / 1000
      console.log(
        `${format}: ${file?.rows} rows, ${mb(file?.bytes ?? 0)} in ${seconds.toFixed(1)} s, ${Math.round((file?.rows ?? 0) / seconds)} rows/s; memory ${mb(before)} before, ${mb(peak)} at most`,
      )
    }
  } finally {
    await indexer.close()
  }
} finally {
  if (values.dir === undefined) await rm(folder, { recursive: true, force: true })
}
