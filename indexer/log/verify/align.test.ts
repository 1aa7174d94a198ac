import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leafHash } from '../../../schema/index.ts'
import { differencesOf } from './align.ts'

const leaf = (text: string): Buffer => leafHash(Buffer.from(text))
const sealed = ['a', 'b', 'c', 'd', 'e', 'f'].map(leaf)
const lines = (texts: readonly string[], positions = texts.map((_, i) => i)) =>
  texts.map((text, i) => ({ text, leaf: leaf(text), position: positions[i]! }))

const told = (found: ReturnType<typeof lines>) => {
  const { changed, swapped, moved, inserted, missing } = differencesOf(sealed, found)
  return {
    changed: changed.map(({ position, line }) => `${position} ${line.text}`),
    swapped: swapped.map(([a, b]) => `${a.text}${b.text}`),
    moved: moved.map(({ from, line }) => `${line.text} from ${from} to ${line.position}`),
    inserted: inserted.map(({ text }) => text),
    missing,
  }
}
const none = { changed: [], swapped: [], moved: [], inserted: [], missing: [] }

describe('how the lines of a waybill differ from what was sealed', () => {
  test('lines as they were sealed do not differ', () => {
    expect(told(lines([...'abcdef']))).toEqual(none)
  })

  test('a changed line is at its position', () => {
    expect(told(lines([...'abXdef']))).toEqual({ ...none, changed: ['2 X'] })
  })

  test('two swapped lines are a pair, near or far apart', () => {
    expect(told(lines([...'abdcef']))).toEqual({ ...none, swapped: ['dc'] })
    expect(told(lines([...'fbcdea']))).toEqual({ ...none, swapped: ['fa'] })
  })

  test('a removed line is the only finding, whether or not those behind it keep their positions', () => {
    expect(told(lines([...'abdef'], [0, 1, 3, 4, 5]))).toEqual({ ...none, missing: [2] })
    expect(told(lines([...'abdef']))).toEqual({ ...none, missing: [2] })
  })

  test('an inserted line is the only finding, though those behind it have other positions', () => {
    expect(told(lines([...'abXcdef']))).toEqual({ ...none, inserted: ['X'] })
    expect(told(lines([...'abcdefX']))).toEqual({ ...none, inserted: ['X'] })
  })

  test('a line that is there twice is there once too often', () => {
    expect(told(lines([...'abbcdef']))).toEqual({ ...none, inserted: ['b'] })
  })

  test('a line that was moved is named with its sealed place', () => {
    expect(told(lines([...'acdebf']))).toEqual({ ...none, moved: ['b from 1 to 4'] })
  })

  test('several at once', () => {
    expect(told(lines([...'bXcdf']))).toMatchObject({ missing: [0, 4], inserted: ['X'] })
  })

  test('whatever is done, no sealed line is forgotten and no stored one', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'abcdefXYZ'), { maxLength: 9 }), (texts) => {
        const { changed, inserted, missing } = differencesOf(sealed, lines(texts))
        expect(texts.length - inserted.length + missing.length).toBe(sealed.length)
        expect(new Set([...changed.map(({ position }) => position), ...missing]).size).toBe(
          changed.length + missing.length,
        )
      }),
      { seed: 3, numRuns: 300 },
    )
  })
})
