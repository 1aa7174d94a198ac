import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../schema/wire/index.ts'
import { brokenIn } from './breaks.ts'
import { TestAgent } from './testing.ts'

const H = (n: number): never => n.toString(16).repeat(64).slice(0, 64) as never
const agent = new TestAgent()
const manifest = (change: Partial<Manifest>): Manifest =>
  agent.sealLines(['{}'], { manifest: change }).manifest
const reasons = (change: Partial<Manifest>, links: Partial<Parameters<typeof brokenIn>[2]> = {}): string[] =>
  brokenIn(manifest(change), H(9), { before: null, cited: null, ...links }).map(
    ({ sequence, reason }) => `${sequence}: ${reason}`,
  )

describe('a chain is whole', () => {
  it('where each waybill names the one before it, whichever of them is here', () => {
    expect(reasons({ sequence: 1, previous: null })).toEqual([])
    expect(reasons({ sequence: 2, previous: H(1) })).toEqual([])
    expect(reasons({ sequence: 2, previous: H(1) }, { before: H(1), after: H(9) })).toEqual([])
  })

  it('where an incarnation cites what is here, or nothing that was acknowledged', () => {
    const cites = { incarnation: 'ab'.repeat(16) as never, sequence: 7, hash: H(7) }
    expect(reasons({ sequence: 1, previous: null, cites }, { cited: H(7) })).toEqual([])
    const none = { ...cites, sequence: 0, hash: null }
    expect(reasons({ sequence: 1, previous: null, cites: none })).toEqual([])
  })
})

describe('a chain is broken', () => {
  it.each<[string, Partial<Manifest>, Partial<Parameters<typeof brokenIn>[2]>, RegExp]>([
    [
      'where a waybill names another one',
      { sequence: 2, previous: H(2) },
      { before: H(1) },
      /^2: .*follows 2222/,
    ],
    ['where it names none', { sequence: 2, previous: null }, {}, /^2: .*names none before it/],
    ['where the first names one', { sequence: 1, previous: H(1) }, {}, /^1: .*is the first/],
    [
      'where the next one names another',
      { sequence: 2, previous: H(1) },
      { after: H(3) },
      /^3: .*follows 3333/,
    ],
    ['where the next one names none', { sequence: 2, previous: H(1) }, { after: null }, /^3: .*follows none/],
    [
      'where what is cited is not here',
      {
        sequence: 1,
        previous: null,
        cites: { incarnation: 'ab'.repeat(16) as never, sequence: 7, hash: H(7) },
      },
      {},
      /^1: .*which is not stored/,
    ],
    [
      'where what is cited is another',
      {
        sequence: 1,
        previous: null,
        cites: { incarnation: 'ab'.repeat(16) as never, sequence: 7, hash: H(7) },
      },
      { cited: H(8) },
      /^1: .*and that is 8888/,
    ],
  ])('%s', (_, change, links, reason) => {
    expect(reasons(change, links)).toEqual([expect.stringMatching(reason)])
  })
})
