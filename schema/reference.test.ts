import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fieldReference } from './reference.ts'

it('the field reference in docs/ is what the schema says (npm run docs writes it)', () => {
  expect(readFileSync(new URL('../docs/fields.md', import.meta.url), 'utf8')).toBe(fieldReference())
})
