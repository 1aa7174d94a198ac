import type { Page } from 'playwright-core'

/** Returns the times of the page's first paint and of the API's last answer: ms since it was opened. */
export async function timesOfPage(page: Page): Promise<{ painted: number; complete: number }> {
  const [painted, complete] = await page.evaluate<[number, number]>(
    `[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
      Math.max(...performance.getEntriesByType('resource').filter(({ name }) => name.includes('/v1/')).map(({ responseEnd }) => responseEnd))]`,
  )
  return { painted, complete }
}

export const spread = (times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  return { least: sorted[0] ?? 0, median: sorted[sorted.length >> 1] ?? 0, most: sorted.at(-1) ?? 0 }
}

export function spreadOf(times: readonly number[]): string {
  const { least, median, most } = spread(times)
  return `${least.toFixed(0)} / ${median.toFixed(0)} / ${most.toFixed(0)} ms`
}
