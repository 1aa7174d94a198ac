/**
 * Measures how the log viewer scrolls through a store of a million events.
 *
 *   npm run bench:scroll [-- --events 1000000 --rows 100000 --dir folder]
 *
 * Turns the wheel in Chromium until this many rows have passed, and prints the duration of the frames, the number of rows that the page
 * drew, waited for and held in memory, and its requests. Then it goes to the end by key and to the middle by the scrollbar, and prints how
 * soon the rows were there.
 */
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import type { Chromium } from '../test/browser/chromium.ts'
import { inBrowser } from './month-store.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rows: { type: 'string', default: '100000' },
    dir: { type: 'string' },
  },
})
const ROW = 30
/** Rows a frame: as fast as a wheel is turned, and as fast as a page is thrown. */
const TURNED = 4
const THROWN = 200
/** This many rows are gone through by the wheel, the others are thrown past. */
const BY_WHEEL = 8000

interface Scrolled {
  readonly frames: readonly number[]
  /** Frames in which a row in view was not there yet. */
  readonly waiting: number
  readonly drawn: number
}

/** Scrolls through this many rows, by `step` of them a frame, as long as it takes. */
const scrolling = (rows: number, step: number): string => `(async () => {
  const scroller = document.querySelector('.grid-scroll')
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const isWaiting = () => {
    const { top, bottom } = scroller.getBoundingClientRect()
    return [...document.querySelectorAll('.grid-row.waiting')].some((row) => {
      const box = row.getBoundingClientRect()
      return box.bottom > top && box.top < bottom
    })
  }
  const frames = []
  let waiting = 0
  let drawn = 0
  let before = await frame()
  for (let gone = 0; gone < ${rows}; gone += ${step}) {
    scroller.scrollTop += ${step * ROW}
    const now = await frame()
    frames.push(now - before)
    before = now
    if (isWaiting()) waiting++
    drawn = Math.max(drawn, document.querySelectorAll('.grid-body tr').length)
  }
  return { frames, waiting, drawn }
})()`

const settled = `new Promise((resolve) => {
  const began = performance.now()
  const look = () => document.querySelector('.grid-row.waiting') === null && document.querySelector('.grid-body tr') !== null
    ? resolve(performance.now() - began)
    : requestAnimationFrame(look)
  requestAnimationFrame(() => requestAnimationFrame(look))
})`

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize / 1_000_000
}

/** Processor time that the page's thread has used, ms: others on the machine disturb it less than the frames. */
async function worker(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
  }
}

const quantile = (times: readonly number[], share: number): string =>
  (times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)

async function measure(url: string, browser: Chromium, end: number): Promise<void> {
  const page = await browser.page({ now: end })
  let asked = 0
  page.on('request', (request) => {
    if (request.url().includes('/v1/search')) asked++
  })
  await page.goto(`${url}/events?range=now-30d`)
  // Waybill's own events are among them, so there may be a few more.
  await page.locator('.total', { hasText: /^[\d,]+ events/ }).waitFor()
  await page.evaluate(settled)
  const before = await heapOf(page)
  const spent = await worker(page)
  const stretches = [
    { name: 'by the wheel', rows: BY_WHEEL, step: TURNED },
    { name: 'thrown past', rows: Number(values.rows) - BY_WHEEL, step: THROWN },
  ]
  for (const { name, rows, step } of stretches) {
    asked = 0
    const begun = await spent()
    const { frames, waiting, drawn } = await page.evaluate<Scrolled>(scrolling(rows, step))
    const taken = (await spent()) - begun
    await page.evaluate(settled)
    console.log(
      `${rows} rows, ${name}: ${frames.length} frames of ${quantile(frames, 0.5)} ms at the median, 95 % within ${quantile(frames, 0.95)}, ` +
        `99 % within ${quantile(frames, 0.99)}; ${frames.filter((time) => time > 50).length} longer than 50; ` +
        `${(taken / frames.length).toFixed(1)} ms of processor time a frame`,
    )
    console.log(
      `  ${waiting} frames had a row in view that was still waited for; at most ${drawn} rows were drawn; ` +
        `${asked} pages were asked for; memory ${before.toFixed(0)} MB before, ${(await heapOf(page)).toFixed(0)} after`,
    )
  }
  const jumps: readonly (readonly [name: string, go: () => Promise<unknown>])[] = [
    ['End', () => page.keyboard.press('End')],
    [
      'the middle, by the scrollbar',
      () =>
        page.evaluate(`(({ scrollHeight }, scroller) => { scroller.scrollTop = scrollHeight / 2 })(
        document.querySelector('.grid-scroll'), document.querySelector('.grid-scroll'))`),
    ],
    ['Home', () => page.keyboard.press('Home')],
  ]
  for (const [name, go] of jumps) {
    await go()
    const time = await page.evaluate<number>(settled)
    const row = await page.locator('.grid-body tr').nth(20).textContent()
    console.log(`${name}: rows were there after ${time.toFixed(0)} ms (${row?.slice(0, 40)})`)
  }
}

await inBrowser({ dir: values.dir, total: Number(values.events) }, measure)
