import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MUTATIONS } from './mutations.ts'

const ROOT = join(import.meta.dirname, '../..')

it('there are at least 40 mutations, each with a sentence of its own', () => {
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(40)
  expect(new Set(MUTATIONS.map(({ wrong }) => wrong)).size).toBe(MUTATIONS.length)
})

for (const { wrong, file, find, replace, tests } of MUTATIONS) {
  it(`the text of "${wrong}" occurs exactly once in ${file}, and its tests are there`, () => {
    expect(readFileSync(join(ROOT, file), 'utf8').split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
    for (const one of tests) {
      const text = existsSync(join(ROOT, one.file)) ? readFileSync(join(ROOT, one.file), 'utf8') : null
      expect(text, one.file).not.toBeNull()
      expect(text, one.file).toContain(one.name ?? '')
    }
  })
}
