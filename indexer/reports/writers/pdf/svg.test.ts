import { describe, expect, it } from 'vitest'
import { readSvg } from './svg.ts'

const svg = (inner: string, head = 'viewBox="0 0 100 50"'): ReturnType<typeof readSvg> =>
  readSvg(Buffer.from(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" ${head}>${inner}</svg>`))

/** The points at which the curves of a drawing end. */
const ends = (operators: string): [number, number][] =>
  operators
    .split('\n')
    .filter((line) => / [mlc]$/.test(line))
    .map((line) => line.split(' ').slice(-3, -1).map(Number) as [number, number])

describe('a logo in SVG', () => {
  it('keeps its size, colours, groups and transformations', () => {
    const drawn = svg(
      '<title>x</title><g fill="#1c4f7d" transform="translate(5,6)"><rect x="1" y="2" width="3" height="4"/></g>',
    )
    expect(drawn).toMatchObject({ width: 100, height: 50 })
    expect(drawn?.operators.split('\n')).toEqual(
      expect.arrayContaining(['1 0 0 1 5 6 cm', '0.11 0.31 0.49 rg', '1 2 3 4 re', 'f']),
    )
  })

  it('reads each command of a path, relative and absolute, with the flags of arcs written together', () => {
    const drawn = svg(
      '<path d="M10 10h10v10l-5 5C1 2 3 4 5 6s1 1 2 2q1 1 2 0t2 0a5 5 0 01-5 5A5 5 0 1 0 20 20z"/>',
    )
    expect(ends(drawn?.operators ?? '')[0]).toEqual([10, 10])
    expect(ends(drawn?.operators ?? '').slice(1, 4)).toEqual([
      [20, 10],
      [20, 20],
      [15, 25],
    ])
    expect(ends(drawn?.operators ?? '')).toContainEqual([6, 13])
    expect(ends(drawn?.operators ?? '').at(-1)).toEqual([20, 20])
  })

  it('an arc of a circle stays on the circle', () => {
    const points = ends(svg('<path d="M10 0A10 10 0 1 1 -10 0A10 10 0 1 1 10 0Z"/>')?.operators ?? '')
    for (const [x, y] of points) expect(Math.hypot(x, y)).toBeCloseTo(10, 2)
    expect(points).toHaveLength(5)
  })

  it.each([
    ['text', '<text>Acme</text>'],
    ['a gradient', '<rect width="1" height="1" fill="url(#a)"/>'],
    ['an image', '<image href="x.png"/>'],
    ['a script', '<script>alert(1)</script>'],
    ['half transparent shapes', '<rect width="1" height="1" opacity="0.5"/>'],
    ['an unknown transformation', '<g transform="skewX(3)"/>'],
  ])('with %s is not drawn by halves', (_, inner) => expect(svg(inner)).toBeNull())

  it('without a size, or that is no SVG, is none', () => {
    expect(svg('<rect width="1" height="1"/>', '')).toBeNull()
    expect(readSvg(Buffer.from('GIF89a'))).toBeNull()
  })
})
