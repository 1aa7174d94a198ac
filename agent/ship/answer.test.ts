import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sha256 } from '../../schema/index.ts'
import { jittered, judge, retryAfter } from './answer.ts'
import { withNumber } from './chain.ts'
import {
  acknowledged,
  addsUp,
  discarded,
  ledgersOf,
  NOTHING,
  quarantined,
  retried,
  type Settled,
  totalOf,
} from './ledger.ts'
import { batchOfRecords, SOURCE_A } from './testing/records.ts'

const { slices } = batchOfRecords(SOURCE_A, 0, 20)
const batch = { hash: 'f'.repeat(64) as Sha256, slices }
const verdict = (status: number, body: unknown, header?: string) =>
  judge(
    { status, retryAfter: header, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) },
    batch,
    0,
  )
const problem = (status: number, code: string) => ({ title: 't', status, detail: 'd', code })

describe('what an answer means', () => {
  it('nothing but an acknowledgement of this waybill with all its events acknowledges', () => {
    const good = {
      acknowledged: true,
      hash: batch.hash,
      again: false,
      stored: 10,
      duplicate: 5,
      dead: 3,
      sources: [{ stored: 10, duplicate: 5, dead: 3 }],
      reasons: [],
    }
    expect(verdict(200, good).kind).toBe('acknowledged')
    expect(verdict(200, { ...good, again: true }).kind).toBe('acknowledged')
    for (const wrong of [
      { ...good, hash: 'e'.repeat(64) },
      { ...good, sources: [] },
      { ...good, sources: [{ stored: 10, duplicate: 5, dead: 2 }] },
      { ...good, acknowledged: false },
      {},
      '',
      'null',
    ]) {
      expect(verdict(200, wrong).kind).toBe('unexpected')
    }
    expect(verdict(202, good).kind).toBe('unexpected')
    expect(verdict(204, '').kind).toBe('unexpected')
  })

  it('only the word of an indexer puts a batch into quarantine, or 413 of whoever stands between', () => {
    expect(verdict(400, problem(400, 'bad-request')).kind).toBe('refused')
    expect(verdict(422, problem(422, 'refused')).kind).toBe('refused')
    expect(verdict(413, problem(413, 'too-large')).kind).toBe('refused')
    expect(verdict(413, '<html>').kind).toBe('refused')
    expect(verdict(400, '<html>').kind).toBe('unexpected')
    expect(verdict(422, '{}').kind).toBe('unexpected')
    for (const status of [100, 301, 402, 404, 405, 408, 409, 410, 415, 418, 500, 501, 502, 504, 599]) {
      expect(verdict(status, problem(status, 'internal')).kind).toBe('unexpected')
    }
  })

  it('tells a fork, a pause, a full store and a refusal to know us', () => {
    expect(verdict(409, problem(409, 'fork')).kind).toBe('fork')
    expect(verdict(401, '').kind).toBe('unauthorised')
    expect(verdict(403, problem(403, 'revoked')).kind).toBe('unauthorised')
    expect(verdict(429, '', '7')).toMatchObject({ kind: 'busy', wait: 7000 })
    expect(verdict(503, problem(503, 'busy'))).toMatchObject({ kind: 'busy', wait: null })
    expect(verdict(507, problem(507, 'full'))).toMatchObject({ kind: 'full' })
  })
})

describe('waiting', () => {
  it('reads Retry-After as seconds or as a date, within reason', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(retryAfter('120', now)).toBe(120_000)
    expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
    expect(retryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    expect(retryAfter('99999999', now)).toBe(3_600_000)
    expect(retryAfter('soon', now)).toBeNull()
    expect(retryAfter(undefined, now)).toBeNull()
  })

  it('grows with each failure to its cap, anywhere between nothing and that', () => {
    const backoff = { base: 100, cap: 1000 }
    expect([1, 2, 3, 4, 5, 1000].map((n) => jittered(backoff, n, () => 0.9999))).toEqual([
      99, 199, 399, 799, 999, 999,
    ])
    expect(jittered(backoff, 5, () => 0)).toBe(0)
  })
})

describe('runs of settled numbers', () => {
  it('are the numbers that were put in, in any order, as few runs as can be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), (numbers) => {
        let runs: readonly (readonly [number, number])[] = []
        for (const number of numbers) runs = withNumber(runs, number)
        const wanted = new Set(numbers)
        for (let n = 1; n <= 30; n++) expect(runs.some(([a, b]) => a <= n && n <= b)).toBe(wanted.has(n))
        for (let i = 1; i < runs.length; i++) expect(runs[i]![0]).toBeGreaterThan(runs[i - 1]![1] + 1)
      }),
    )
  })
})

describe('the ledger', () => {
  it('adds up after any history of batches', () => {
    const act = fc.constantFrom('acknowledge', 'quarantine', 'retry', 'discard')
    fc.assert(
      fc.property(fc.array(fc.tuple(act, fc.integer({ min: 1, max: 40 })), { maxLength: 40 }), (history) => {
        let ledger: Settled = NOTHING
        const held: (typeof slices)[number][] = []
        const pending: (typeof slices)[number][] = []
        let read = 0
        for (const [what, records] of history) {
          const slice = { ...slices[0]!, read: records, events: records - 1, filtered: 1 }
          if (what === 'acknowledge') {
            const next = pending.pop() ?? slice
            if (next === slice) read += records
            const stored = Math.floor(next.events / 2)
            ledger = acknowledged(ledger, next, { stored, duplicate: 0, dead: next.events - stored })
          } else if (what === 'quarantine') {
            ledger = quarantined(ledger, slice)
            held.push(slice)
            read += records
          } else {
            const one = held.pop()
            if (one === undefined) continue
            ledger = what === 'retry' ? retried(ledger, one) : discarded(ledger, one)
            if (what === 'retry') pending.push(one)
          }
          const batches = pending.map((one, at) => ({
            name: String(at),
            incarnation: '',
            sequence: at,
            hash: batch.hash,
            events: one.events,
            slices: [one],
            created: 0,
            bytes: 0,
            again: true,
          }))
          const settled: [string, Settled][] = [[`ledger/${SOURCE_A}`, ledger]]
          const whole = ledgersOf(settled, batches).get(SOURCE_A)!
          expect(addsUp(whole)).toBe(true)
          expect(totalOf(settled, batches)).toEqual(whole)
          expect(whole.read).toBe(read)
        }
      }),
    )
  })
})
