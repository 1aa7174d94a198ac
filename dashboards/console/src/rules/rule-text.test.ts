import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freeId, idFrom } from './id-from.ts'
import { valuesIn, withValue } from './rule-text.ts'

const RULES = join(import.meta.dirname, '../../../../config/rules')
const rules = globSync('*.yml', { cwd: RULES }).map(
  (file) => [file, readFileSync(join(RULES, file), 'utf8')] as const,
)

const TEXT = `# Who took what?
name: Exports # short
query: "action: export"   # the events
condition:
  # five of them
  count:
    at-least: 5
    within: 10m
about: >-
  Somebody
  exports.

channels: [admin] # to whom
response:
`

describe('a change by the form', () => {
  it('replaces one value, and keeps comments, order and notation of the rest', () => {
    expect(withValue(TEXT, 'name', 'Many exports: a warning')).toBe(
      TEXT.replace('Exports #', '"Many exports: a warning" #'),
    )
    expect(withValue(TEXT, 'query', 'action: "x"')).toBe(
      TEXT.replace('"action: export"', '"action: \\"x\\""'),
    )
    expect(withValue(TEXT, 'channels', ['admin', '#soc', 'a@b.example'])).toBe(
      TEXT.replace('[admin] #', '[admin, "#soc", a@b.example] #'),
    )
  })

  it('of a value over several lines, or of none, leaves the next key on its line', () => {
    for (const [key, value] of [
      ['condition', { count: { 'at-least': 7, within: '1h' } }],
      ['about', 'One line'],
      ['about', 'Two\nlines'],
      ['response', 'Ask them.'],
      ['priority', 'high'],
    ] as const)
      expect(valuesIn(withValue(TEXT, key, value)), key).toEqual({ ...valuesIn(TEXT), [key]: value })
    expect(withValue(TEXT, 'condition', 'event')).toContain('condition:\n  # five of them\n  event\nabout')
  })

  it.each(rules)('of any key of %s changes that key alone, and back', (_, text) => {
    const before = valuesIn(text)
    for (const key of Object.keys(before ?? {})) {
      const changed = withValue(text, key, 'x: #y')
      expect(valuesIn(changed)).toEqual({ ...before, [key]: 'x: #y' })
      expect(valuesIn(withValue(changed, key, before?.[key]))).toEqual(before)
    }
  })

  it('waits where the text is not YAML, or repeats itself by aliases', () => {
    expect([valuesIn('name: ['), valuesIn('- a'), valuesIn(''), valuesIn('a: &b 1\nc: *b')]).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(withValue('', 'name', 'x')).toBe('name: x\n')
  })
})

it('an id follows from a name', () => {
  expect(['Mass export!', '  Über 5 Löschungen ', '###'].map(idFrom)).toEqual([
    'mass-export',
    'uber-5-loschungen',
    '',
  ])
})

it('an id that others have gets the next number, and stays short enough', () => {
  expect(freeId('access', [])).toBe('access')
  expect(freeId('access', ['access', 'access-3'])).toBe('access-2')
  expect(freeId('access', ['access', 'access-2'])).toBe('access-3')
  const long = 'a'.repeat(59)
  expect(freeId(`${long}-b`, [long])).toBe(`${long}-2`)
})
