import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../config/index.ts'
import { readRetention, retentionSchema } from './retention-file.ts'
import { USUAL_TABLE, windowOf } from './table.ts'

const DAY = 86_400_000
const read = (text: string) => parseConfig(text, 'retention.yml', retentionSchema)
const problemsOf = (text: string): string => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

it('the file that ships says what holds without it', async () => {
  expect(await readRetention(join(import.meta.dirname, '../../config/retention.yml'))).toEqual(USUAL_TABLE)
  expect(await readRetention(undefined)).toEqual(USUAL_TABLE)
})

it('what the file leaves out is as usual', () => {
  expect(read('view: { searchable: 7d }')).toEqual({
    ...USUAL_TABLE,
    view: { searchable: 7 * DAY, archive: null, warm: null, cold: null },
  })
})

it('a searchable time longer than the archive time is refused with its line', () => {
  expect(problemsOf('view: { searchable: 7d }\nactivity:\n  searchable: 2y\n  archive: 1y\n')).toBe(
    'retention.yml:4: activity.archive: found "1y"; expected at least the searchable time (2y), since the archive must keep events that can still be searched; or none',
  )
  // Also where only one of them is stated, and the other is the usual one.
  expect(problemsOf('\n\napi: { searchable: 1y }\n')).toMatch(/^retention\.yml:3: api\.archive/)
  expect(read('api: { searchable: 1y, archive: none }').api.archive).toBeNull()
})

it('tiers come one after the other, within the searchable time', () => {
  expect(problemsOf('system: { warm: 90d }')).toMatch(/system\.warm: found "90d"; expected less than/)
  expect(problemsOf('security: { warm: 60d, cold: 30d }')).toMatch(/security\.cold: .*more than warm \(60d\)/)
  expect(read('security: { searchable: 60d, archive: 1y }').security).toMatchObject({
    warm: 30 * DAY,
    cold: null,
  })
})

it('a category or a time that there is none of is refused with its line and what is allowed', () => {
  expect(problemsOf('\nviews: { searchable: 7d }')).toMatch(
    /^retention\.yml:2: unknown key "views" \(did you mean "view"\?\)/,
  )
  expect(problemsOf('view: { searchable: 7 weeks }')).toMatch(
    /view\.searchable: found "7 weeks"; expected a time such as 12h, 30d or 2y/,
  )
  expect(problemsOf('view: { searchable: 1m }')).toMatch(/view\.searchable: found "1m"/)
})

it('a window is at most a tenth of the searchable time', () => {
  for (const { searchable } of Object.values(USUAL_TABLE))
    expect(windowOf(searchable) * 10).toBeLessThanOrEqual(searchable)
  expect(windowOf(365 * DAY)).toBe(36 * DAY)
  expect(windowOf(5 * DAY)).toBe(DAY / 2)
})
