/**
 * Measures how soon a user sees something: the console on the demo's data, opened in Chromium by a signed-in user.
 *
 *   npm run bench:paint [-- --runs 7]
 *
 * Each run is a browser that has nothing in its cache. Prints when the page first painted something of its own, and when the last answer
 * of the screen was there; least, median, greatest.
 */
import { parseArgs } from 'node:util'
import { Chromium } from '../test/browser/chromium.ts'
import { DemoAt } from '../test/browser/demo.ts'
import { spreadOf, timesOfPage } from './page-times.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
const SCREENS = ['/', '/events', '/security', '/people?user=John+Smith']

const demo = await DemoAt.start(Date.now())
try {
  for (const path of SCREENS) {
    const painted: number[] = []
    const complete: number[] = []
    for (let run = 0; run < Number(values.runs); run++) {
      const browser = await Chromium.start()
      try {
        await demo.signIn(browser)
        const page = await browser.page()
        // The browser has loaded files during sign-in; a first visit has nothing in its cache.
        const session = await browser.context.newCDPSession(page)
        await session.send('Network.setCacheDisabled', { cacheDisabled: true })
        await page.goto(demo.url + path)
        await page.waitForLoadState('networkidle')
        const times = await timesOfPage(page)
        painted.push(times.painted)
        complete.push(times.complete)
      } finally {
        await browser.end()
      }
    }
    console.log(`${path}: first paint ${spreadOf(painted)}, complete ${spreadOf(complete)}`)
  }
} finally {
  await demo.end()
}
