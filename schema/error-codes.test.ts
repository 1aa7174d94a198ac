import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ERRORS } from './error-codes.ts'
import { codedText, OperatorError } from './errors.ts'
import { errorReference } from './reference.ts'

const ROOT = join(import.meta.dirname, '..')
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !/\.test\.ts$|^test\/|\/testing\/|^schema\/error-codes\.ts$/.test(path))
const used = new Set(
  sources.flatMap((path) => readFileSync(join(ROOT, path), 'utf8').match(/'WB-[A-Z-]+'/g) ?? []),
)

it('each code of the catalogue is used, and each code that is used is in the catalogue', () => {
  expect([...used].sort()).toEqual(
    Object.keys(ERRORS)
      .map((code) => `'${code}'`)
      .sort(),
  )
})

it('docs/errors.md is made from the catalogue (npm run docs writes it)', () => {
  expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(errorReference())
})

it('a code follows the first line of a sentence, so that a mark stays under its query', () => {
  const error = new OperatorError('WB-QUERY-INVALID', 'A colon is missing (column 5)\n  user jane\n       ^')
  expect(codedText(error)).toBe('A colon is missing (column 5) (WB-QUERY-INVALID)\n  user jane\n       ^')
})
