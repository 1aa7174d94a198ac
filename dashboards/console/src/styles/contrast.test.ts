import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const CSS = readFileSync(join(import.meta.dirname, 'base.css'), 'utf8')

/** The colours of the console: each with its light and its dark form. */
const COLOURS = new Map(
  [...CSS.matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\);/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)
const colour = (name: string, theme: 'light' | 'dark'): string => {
  const found = COLOURS.get(name)?.[theme]
  if (found === undefined) throw new Error(`base.css has no colour --${name}`)
  return found
}

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))

/** The relative luminance and the contrast of WCAG 2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = channels(hex)
    .map((value) => value / 255)
    .map((value) => (value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other)
  return (high + 0.05) / (low + 0.05)
}

/** Degrees on the circle of colours. */
function hue(hex: string): number {
  const [red = 0, green = 0, blue = 0] = channels(hex)
  const degrees = (Math.atan2(Math.sqrt(3) * (green - blue), 2 * red - green - blue) * 180) / Math.PI
  return (degrees + 360) % 360
}
const apart = (a: string, b: string): number => {
  const difference = Math.abs(hue(a) - hue(b))
  return Math.min(difference, 360 - difference)
}

const CATEGORIES = ['security', 'activity', 'change', 'system', 'api', 'view']

describe.each(['light', 'dark'] as const)('the colours, %s', (theme) => {
  it.each(['ink', 'quiet', 'accent', 'stamp', 'amber', 'good'])(
    'a text in %s has 4.5:1 on each ground',
    (name) => {
      for (const ground of ['paper', 'sheet', 'raised'])
        expect(contrast(colour(name, theme), colour(ground, theme))).toBeGreaterThanOrEqual(4.5)
    },
  )

  it.each(['bar', 'stamp', ...CATEGORIES])('a shape in %s has 3:1 on its ground', (name) => {
    for (const ground of ['sheet', 'paper'])
      expect(contrast(colour(name, theme), colour(ground, theme))).toBeGreaterThanOrEqual(3)
  })

  it('no category has the red of failures or the amber of warnings', () => {
    for (const category of CATEGORIES.filter((name) => name !== 'system'))
      for (const sign of ['stamp', 'amber'])
        expect(
          apart(colour(category, theme), colour(sign, theme)),
          `${category} and ${sign}`,
        ).toBeGreaterThan(20)
  })
})
