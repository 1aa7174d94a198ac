/**
 * How fast the console's screens get their answers from an embedded store of 5,000,000 events.
 *
 *   npm run bench:console [-- --events 5000000 --runs 11 --dir folder --only people]
 *
 * Fills a store with a month of events (with `--dir` it is kept, and used again by the next run), starts an indexer on it, opens each screen
 * in Chromium, and writes down what the page asks: so these are the questions of the screens, whatever they come to be. Then it asks each of
 * them alone, as often as it is told, and prints least, median and greatest time, and the median of the processor time, which others on the
 * machine disturb less; and for each screen when it first painted and when its last answer was there, all asked at once as the page does.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import type { Page, Request } from 'playwright-core'
import { indexerConfigSchema } from '../indexer/config.ts'
import { startIndexer } from '../indexer/server.ts'
import { openEmbeddedStore } from '../indexer/store/index.ts'
import { Chromium } from '../test/browser/chromium.ts'
import { batchOf } from './batches.ts'
import { Month, SOMEBODY } from './month.ts'
import { spread, timesOfPage } from './page-times.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '5000000' },
    runs: { type: 'string', default: '11' },
    dir: { type: 'string' },
    only: { type: 'string' },
  },
})
const total = Number(values.events)
const runs = Number(values.runs)
const BATCH = 2400
/** At the median, ms. */
const WANTED = 300
/** A screen that asks nothing for so long is complete, ms. */
const QUIET = 1000
const IN_FLIGHT = 6
const LENGTH = 28 * 86_400_000

/** Screens with the data that they are about. */
const SCREENS: readonly (readonly [name: string, path: string])[] = [
  ['overview', '/'],
  ['events', '/events'],
  ['events, a query', '/events?q=user%3A+jane*+and+not+category%3A+view&range=now-30d'],
  ['events, free words', '/events?q=exported+invoices&range=now-30d'],
  [
    'events, filters',
    '/events?f=audit.category%3A%5B%22security%22%5D&f=event.outcome%3A%5B%22failure%22%5D',
  ],
  ['security', '/security'],
  ['people', '/people'],
  ['people, one', `/people?user=${SOMEBODY}`],
  ['system', '/system'],
  ['audit of the auditor', '/auditor'],
]

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string | null
}

async function fill(folder: string): Promise<{ end: number; taken: number }> {
  const note = join(folder, 'filled.json')
  const known = await readFile(note, 'utf8').catch(() => null)
  if (known !== null) return JSON.parse(known) as { end: number; taken: number }
  const end = Math.floor(Date.now() / 60_000) * 60_000
  const month = new Month(end - LENGTH, LENGTH / total)
  const store = await openEmbeddedStore({ path: join(folder, 'store') })
  const began = performance.now()
  try {
    let next = 0
    let sequence = 0
    const sender = async (): Promise<void> => {
      while (next < total) {
        const first = next
        next = Math.min(total, first + BATCH)
        const lines = Array.from({ length: next - first }, (_, i) => month.line(first + i))
        const batch = batchOf(lines, { sequence: ++sequence, first, ingested: month.timeOf(next) })
        const outcome = await store.write(batch)
        if (outcome.kind !== 'stored' || outcome.result.stored !== lines.length)
          throw new Error(JSON.stringify(outcome))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  } finally {
    await store.close()
  }
  const made = { end, taken: Math.round((performance.now() - began) / 1000) }
  await writeFile(note, JSON.stringify(made))
  return made
}

/** All that a page asks until its screen is complete, with what came of the time. */
async function watch(page: Page, url: string) {
  const asked = new Map<string, Asked>()
  let open = 0
  let quietSince = performance.now()
  const isOurs = (request: Request): boolean => new URL(request.url()).pathname.startsWith('/v1/')
  const note = (request: Request): void => {
    if (!isOurs(request)) return
    open++
    const { pathname, search } = new URL(request.url())
    const one = { method: request.method(), path: pathname + search, body: request.postData() }
    asked.set(JSON.stringify(one), one)
  }
  const settle = (request: Request): void => {
    if (!isOurs(request)) return
    open--
    quietSince = performance.now()
  }
  page.on('request', note).on('requestfinished', settle).on('requestfailed', settle)
  await page.goto(url)
  // Some questions follow from answers. The session alone is no screen.
  while (asked.size < 2 || open > 0 || performance.now() - quietSince < QUIET) await pause(50)
  page.off('request', note).off('requestfinished', settle).off('requestfailed', settle)
  return { asked: [...asked.values()], ...(await timesOfPage(page)) }
}

const ms = (time: number): string => `${time.toFixed(0).padStart(6)}`

/** What a question is about, short enough for a line. */
function nameOf({ method, path, body }: Asked): string {
  return `${method} ${decodeURIComponent(path)} ${body ?? ''}`.replaceAll('"', '').slice(0, 150)
}

async function measure(url: string, browser: Chromium, end: number): Promise<void> {
  const slow: string[] = []
  const page = await browser.page({ now: end })
  for (const [name, path] of SCREENS) {
    if (values.only !== undefined && !name.includes(values.only)) continue
    const seen = await watch(page, url + path)
    const again = await watch(page, url + path)
    console.log(
      `${name}: ${seen.asked.length} questions; painted after ${seen.painted.toFixed(0)} ms, complete after ${seen.complete.toFixed(0)} ms; ` +
        `opened again ${again.painted.toFixed(0)} and ${again.complete.toFixed(0)} ms`,
    )
    // The page is of no use meanwhile, and would ask again by itself.
    await page.goto('about:blank')
    for (const question of seen.asked) {
      const times: number[] = []
      const spent: number[] = []
      for (let run = 0; run < runs; run++) {
        const start = performance.now()
        const cpu = process.cpuUsage()
        const response = await fetch(url + question.path, {
          method: question.method,
          body: question.body,
          headers: question.body === null ? {} : { 'content-type': 'application/json' },
        })
        const answer = await response.text()
        times.push(performance.now() - start)
        const { user, system } = process.cpuUsage(cpu)
        spent.push((user + system) / 1000)
        if (!response.ok) throw new Error(`${nameOf(question)}: ${response.status} ${answer}`)
      }
      const { least, median, most } = spread(times)
      console.log(
        `  ${ms(least)} ${ms(median)} ${ms(most)} ms, processor ${ms(spread(spent).median)}  ${nameOf(question)}`,
      )
      if (median > WANTED) slow.push(nameOf(question))
    }
  }
  console.log(
    slow.length === 0
      ? `Each question is answered within ${WANTED} ms at the median.`
      : `${slow.length} questions take longer than ${WANTED} ms at the median.`,
  )
}

const folder = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-console-')))
try {
  await mkdir(folder, { recursive: true })
  const { end, taken } = await fill(folder)
  console.log(`${total} events, stored in ${taken} s`)
  const started = Date.now()
  const config = indexerConfigSchema.parse({
    listen: 'http://127.0.0.1:0',
    read: 'open-on-loopback',
    manage: 'open-on-loopback',
    store: { embedded: { path: join(folder, 'store') } },
  })
  const indexer = await startIndexer(config, {
    log: pino({ level: 'silent' }),
    clock: () => end + Date.now() - started,
  })
  const browser = await Chromium.start()
  try {
    await measure(indexer.url, browser, end)
  } finally {
    await browser.end()
    await indexer.close()
  }
} finally {
  if (values.dir === undefined) await rm(folder, { recursive: true, force: true })
}
