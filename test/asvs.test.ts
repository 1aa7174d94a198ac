import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** How many requirements each section of ASVS 5.0.0 has, in the chapters that docs/asvs.md is about. */
const SECTIONS: Readonly<Record<string, readonly number[]>> = {
  2: [3, 3, 5, 2],
  6: [3, 12, 8, 6, 8, 4, 2, 4],
  7: [3, 4, 2, 5, 3, 2],
  8: [4, 4, 3, 2],
  12: [5, 2, 5],
  13: [4, 6, 4, 7],
  14: [2, 8, 3],
  15: [5, 5, 7, 4],
  16: [1, 5, 4, 3, 4],
}

const page = readFileSync('docs/asvs.md', 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number = '', level = '', asks = '', is = '', where = '']) => ({ number, level, asks, is, where }))
const filesIn = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => /^[\w.].*\/|^[\w-]+\.(ts|md|yml|json)$|^Dockerfile$|^\.dockerignore$/.test(name))

it('docs/asvs.md has each requirement of its chapters, once and in order', () => {
  const all = Object.entries(SECTIONS).flatMap(([chapter, sections]) =>
    sections.flatMap((count, section) =>
      Array.from({ length: count }, (_, at) => `${chapter}.${section + 1}.${at + 1}`),
    ),
  )
  expect(rows.map(({ number }) => number)).toEqual(all)
})

it('each requirement in docs/asvs.md has a level, an answer and what shows it', () => {
  for (const { number, level, asks, is, where } of rows) {
    expect(level, number).toMatch(/^[123]$/)
    expect(asks, number).not.toBe('')
    expect(['met', 'not applicable', 'not met'], number).toContain(is)
    if (is === 'met') expect(filesIn(where), number).not.toEqual([])
    else expect(where.length, number).toBeGreaterThan(10)
  }
})

it('each file that docs/asvs.md names is there', () => {
  // By their own name: settings that a page of an operator has.
  const missing = filesIn(page).filter((file) => file !== 'indexer.yml' && !existsSync(file))
  expect(missing).toEqual([])
})
