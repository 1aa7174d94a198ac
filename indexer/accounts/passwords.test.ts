import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { oneTimePassword, Passwords, USUAL_COST } from './passwords.ts'

const CHEAP = { n: 2, r: 1, p: 1 }

describe('a password', () => {
  it('is kept as scrypt with salt and cost, and checked by the cost that it was kept with', async () => {
    const cheap = new Passwords(randomBytes, CHEAP)
    const [one, two] = [await cheap.hash('a sentence'), await cheap.hash('a sentence')]
    expect(one).toMatchObject({ algorithm: 'scrypt', ...CHEAP })
    expect(one.hash).not.toBe(two.hash)
    const dear = new Passwords(randomBytes, { n: 4, r: 1, p: 1 })
    expect(await dear.check('a sentence', one)).toBe(true)
    expect(await dear.check('A sentence', one)).toBe(false)
  })

  it('is the same whichever way its letters were composed', async () => {
    const passwords = new Passwords(randomBytes, CHEAP)
    const composed = await passwords.hash('caf\u00e9')
    expect(await passwords.check('cafe\u0301', composed)).toBe(true)
  })

  it('costs what OWASP asks for', () => {
    const { n, r, p } = USUAL_COST
    expect(n * r * p).toBeGreaterThanOrEqual(2 ** 15 * 8 * 3)
  })
})

describe('checking', () => {
  it('does the same work where there is nothing to compare with, and never says yes', async () => {
    const cost = { n: 2 ** 12, r: 8, p: 1 }
    const passwords = new Passwords(randomBytes, cost)
    const kept = await passwords.hash('a sentence')
    const took = async (stored: typeof kept | undefined): Promise<number> => {
      const from = process.cpuUsage()
      await passwords.check('something else', stored)
      return process.cpuUsage(from).user
    }
    expect(await passwords.check('', undefined)).toBe(false)
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    // Other work of the process only adds to a time, so the least one counts; by turns, it adds to both.
    for (let i = 0; i < 30; i++) {
      known = Math.min(known, await took(kept))
      unknown = Math.min(unknown, await took(undefined))
    }
    // A check that is left out would be a hundred times quicker.
    expect(unknown).toBeGreaterThan(known / 4)
    expect(known).toBeGreaterThan(unknown / 4)
  })

  it('is bounded: beyond what may wait it is refused at once, and what waits is done', async () => {
    const passwords = new Passwords(randomBytes, { n: 2 ** 12, r: 8, p: 1 })
    const kept = await passwords.hash('a sentence')
    const all = await Promise.allSettled(
      Array.from({ length: 60 }, () => passwords.check('a sentence', kept)),
    )
    const done = all.filter((one) => one.status === 'fulfilled' && one.value)
    const refused = all.filter((one) => one.status === 'rejected')
    expect([done.length, refused.length]).toEqual([34, 26])
    expect(refused[0]).toMatchObject({ reason: { status: 503, retryAfter: 2 } })
    expect(await passwords.check('a sentence', kept)).toBe(true)
  })
})

it('a password for one sign-in has 20 letters that nobody mistakes, all equally likely', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 500; i++) {
    const password = oneTimePassword(randomBytes)
    expect(password).toMatch(/^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/)
    for (const letter of password.replaceAll('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  expect(counts.size).toBe(31)
  // 10,000 letters: some 323 of each, and 6 standard deviations are 106.
  for (const count of counts.values()) expect(Math.abs(count - 10_000 / 31)).toBeLessThan(106)
})
