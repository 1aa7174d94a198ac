/**
 * Measures how fast the console's screens get their answers from an embedded store of 5,000,000 events.
 *
 *   npm run bench:console [-- --events 5000000 --runs 11 --dir folder --only people]
 *
 * Fills a store with a month of events (with `--dir` it is kept, and used again by the next run), starts an indexer on it, opens each
 * screen in Chromium, and records the page's requests, so these are always the current questions of the screens. Then it asks each of them
 * alone, `--runs` times, and prints least, median and greatest time, and the median of the processor time, which other processes of the
 * machine disturb less. For each screen it also prints the times of the first paint and of the last answer, with all requests at once as in
 * the page.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page, Request } from 'playwright-core'
import type { Chromium } from '../test/browser/chromium.ts'
import { SOMEBODY } from './month.ts'
import { inBrowser } from './month-store.ts'
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
/** The wanted median, ms. */
const WANTED = 300
/** The time without requests, ms, after which a screen is complete. */
const QUIET = 1000

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

/** Records the requests of a page until its screen is complete, and the times. */
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

/** Describes a question, short enough for a line. */
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
    // The page is not needed in the meantime, and would send more requests.
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

await inBrowser({ dir: values.dir, total }, measure)
