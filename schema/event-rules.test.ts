import { describe, expect, it } from 'vitest'
import { type EventRule, scopeKey, scopeText, strongestFirst, typeState } from './event-rules.ts'

const off = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'off' })
const on = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'on' })
const viewed = { id: 'erp.record.viewed', mandatory: false, recorded: true }

describe('what holds for an event type', () => {
  it('is its default where no rule means it', () => {
    expect(typeState(viewed, [off('erp.login.success')])).toEqual({
      recorded: true,
      ruling: null,
      exceptions: [],
    })
    expect(typeState({ ...viewed, recorded: false }, []).recorded).toBe(false)
  })

  it('is what the strongest rule without conditions says, with the exceptions that come before it', () => {
    const financial = on('erp.record.viewed', { entity: 'Financial Record' })
    const ranked = strongestFirst([financial, off('erp.*'), on('*')])
    expect(typeState(viewed, ranked)).toEqual({
      recorded: false,
      ruling: off('erp.*'),
      exceptions: [financial],
    })
  })

  it('has no exceptions that a stronger rule of the host makes void', () => {
    const ranked = strongestFirst([off('erp.record.viewed', { user: 'jane' })], [on('erp.*')])
    expect(typeState(viewed, ranked)).toEqual({ recorded: true, ruling: on('erp.*'), exceptions: [] })
  })

  it('is always recorded where it is mandatory', () => {
    expect(typeState({ ...viewed, mandatory: true }, [off('*')])).toEqual({
      recorded: true,
      ruling: null,
      exceptions: [],
    })
  })
})

it('rules speak of the same where only the writing of their names differs', () => {
  const rule = off('erp.*', { entity: 'Financial Record', user: 'jane' })
  expect(scopeKey(on('erp.*', { entity: 'financial_record', user: 'Jane' }))).toBe(scopeKey(rule))
  expect(scopeKey(off('erp.*', { entity: 'Financial Record' }))).not.toBe(scopeKey(rule))
  expect(scopeKey(off('erp.*', { entity: 'Financial Record', host: 'jane' }))).not.toBe(scopeKey(rule))
  expect(scopeKey({ ...rule, event: 'erp.record.*' })).not.toBe(scopeKey(rule))
  expect(scopeText(rule)).toBe('erp.*, entity Financial Record, user jane')
})
