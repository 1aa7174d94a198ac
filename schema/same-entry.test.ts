import { describe, expect, it } from 'vitest'
import type { AuditEvent } from './event.ts'
import { isSameEntry } from './same-entry.ts'

const ROW = 'LOG-7,"January 22, 2026 10:45:32 AM",Jane,Update,Customer'
const JSON_TEXT =
  '{"event_id":"LOG-7","timestamp":"2026-01-22T10:45:32.123Z","user":"Jane","action":"update"}'

const event = (original: string | undefined, more: { [member: string]: unknown } = {}): AuditEvent => ({
  '@timestamp': '2026-01-22T10:45:32.000Z',
  agent: { id: 'agent-1', name: 'web-1' },
  audit: { category: 'change', ...((more.audit as object | undefined) ?? {}) },
  host: { name: 'web-1' },
  message: 'Jane Update',
  user: { name: 'Jane' },
  ...Object.fromEntries(Object.entries(more).filter(([member]) => member !== 'audit' && member !== 'event')),
  event: {
    id: 'a'.repeat(40),
    action: 'Update',
    ...((more.event as object | undefined) ?? {}),
    ...(original === undefined ? {} : { original }),
  },
})
const row = (more?: { [member: string]: unknown }): AuditEvent => event(ROW, more)
const json = (more?: { [member: string]: unknown }): AuditEvent => event(JSON_TEXT, more)

/** Compares in both directions. */
const same = (one: AuditEvent, other: AuditEvent): boolean => {
  const answer = isSameEntry(one, other)
  expect(isSameEntry(other, one)).toBe(answer)
  return answer
}

describe('one entry, written otherwise', () => {
  it.each<[string, AuditEvent, AuditEvent]>([
    [
      'read by another agent, with other tags and labels',
      row(),
      row({
        agent: { id: 'b', name: 'db' },
        host: { name: 'db' },
        tags: ['prod', 'value_cut'],
        labels: { a: '1' },
      }),
    ],
    ['milliseconds that screens do not show', json({ '@timestamp': '2026-01-22T10:45:32.123Z' }), row()],
    [
      'seconds that screens do not show',
      json({ '@timestamp': '2026-01-22T10:45:32.123Z' }),
      row({ '@timestamp': '2026-01-22T10:45:00.000Z' }),
    ],
    [
      'a row without a date, placed at its reading',
      row(),
      row({ '@timestamp': '2026-02-01T00:00:00.000Z', tags: ['timestamp_missing'] }),
    ],
    [
      'the case and separators of kinds',
      json({ event: { action: 'record_update' } }),
      row({ event: { action: 'Record Update' } }),
    ],
    [
      'numbers',
      json({ audit: { payload: { amount: 1000 } } }),
      row({ audit: { payload: { Amount: '1,000.00' } } }),
    ],
    [
      'names of members',
      json({ audit: { payload: { old_limit: true } } }),
      row({ audit: { payload: { 'Old limit': 'TRUE' } } }),
    ],
    [
      'dates',
      json({ audit: { payload: { due: '2026-01-22T10:00:00Z' } } }),
      row({ audit: { payload: { Due: '2026-01-22 10:00:00' } } }),
    ],
    [
      'objects as JSON in a text',
      json({ audit: { payload: { x: { a: [1, 'b'] } } } }),
      row({ audit: { payload: { x: '{"a":["b",1]}' } } }),
    ],
    [
      'a list as a text',
      json({ user: { name: 'Jane', roles: ['a', 'b'] } }),
      row({ user: { name: 'Jane', roles: ['b; a'] } }),
    ],
    [
      'order of lists and of changes',
      row({
        audit: {
          changes: [
            { field: 'a', new: '1' },
            { field: 'b', new: '2' },
          ],
        },
      }),
      row({
        audit: {
          changes: [
            { field: 'B', new: '2', old: '' },
            { field: 'A', new: '1', old: null },
          ],
        },
      }),
    ],
    [
      'columns that the other form lacks',
      json({ source: { ip: '192.0.2.7' }, audit: { payload: { note: 'x' } } }),
      row({ audit: { payload: { team: 'y' } } }),
    ],
    ['a message that agents make where there is none', json({ message: 'Limit raised' }), row()],
    [
      'an outcome that nobody said',
      json({ event: { action: 'Update', outcome: 'success' } }),
      row({ event: { action: 'Update', outcome: 'unknown' } }),
    ],
    [
      'another type, since a column is missing',
      json({ audit: { category: 'security' }, event: { code: 'x.a', type: ['info'] } }),
      row({ event: { code: 'x.b', type: ['change'] } }),
    ],
    [
      'the same JSON, read by another version of its integration',
      json(),
      json({ user: { name: 'Jane Doe' } }),
    ],
    [
      'a row with one more column',
      row(),
      event(`${ROW},Sales`, { user: { name: 'Jane', group: { name: 'Sales' } } }),
    ],
  ])('%s', (_, one, other) => {
    expect(same(one, other)).toBe(true)
  })
})

describe('an entry that says something else', () => {
  it.each<[string, AuditEvent, AuditEvent]>([
    ['another value', row(), row({ user: { name: 'Joe' } })],
    ['another value in another form', json(), row({ user: { name: 'Joe' } })],
    ['another time', json({ '@timestamp': '2026-01-22T10:45:33.123Z' }), row()],
    ['another outcome', json({ event: { outcome: 'success' } }), row({ event: { outcome: 'failure' } })],
    ['the case of a name', row(), row({ user: { name: 'JANE' } })],
    [
      'an id with zeros before it',
      row({ user: { id: '007', name: 'Jane' } }),
      row({ user: { id: '7', name: 'Jane' } }),
    ],
    [
      'another new value',
      json({ audit: { changes: [{ field: 'a', new: '1' }] } }),
      row({ audit: { changes: [{ field: 'a', new: '2' }] } }),
    ],
    ['another message', row({ message: 'Limit raised' }), row({ message: 'Limit lowered' })],
    ['in the same form, one value more', row(), row({ source: { ip: '192.0.2.7' } })],
    [
      'in the same form, a changed row whose cells are as many',
      row(),
      event(ROW.replace('Customer', 'Order'), { audit: { entity: { type: 'Order' } } }),
    ],
    [
      'in JSON of the same members, one member more',
      json(),
      event(JSON_TEXT.replace('}', ',"note":"x"}'), { audit: { payload: { note: 'x' } } }),
    ],
    [
      'in texts that nobody has, one value more',
      event(undefined),
      event(undefined, { source: { ip: '192.0.2.7' } }),
    ],
  ])('%s', (_, one, other) => {
    expect(same(one, other)).toBe(false)
  })
})
