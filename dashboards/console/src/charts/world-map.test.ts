import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import WorldMap from './world-map.tsx'

it('has the outlines of the continents, and a mark for each place', () => {
  const place = { name: 'Berlin', latitude: 52.5, longitude: 13.4, count: 5, failed: 1 }
  const markup = renderToStaticMarkup(createElement(WorldMap, { places: [place] }))
  const land = /<path class="land" d="([^"]*)"/.exec(markup)?.[1] ?? ''
  expect(land).toMatch(/^(?:M(?:-?\d+\.\d -?\d+\.\d)(?:L-?\d+\.\d -?\d+\.\d)+Z){100,}$/)
  expect(markup).toContain('cx="13.4" cy="-52.5"')
})
