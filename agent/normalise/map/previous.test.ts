import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { loadIntegration } from '../index.ts'
import { batchOf, makerOf } from '../testing/batches.ts'
import { mayHoldPrevious } from '../testing/plain/previous.ts'
import { eventsIn, recordsOf } from '../testing/samples.ts'

describe('a previous value', () => {
  it.each([
    { previous: 'Net 30' },
    { PreviousValue: 10 },
    { old_value: false },
    { 'Value before': '10' },
    { from: 'draft', to: 'live' },
    { payload: { entry: { was: 'draft' } } },
    { list: [{ lhs: 1, rhs: 2 }] },
    { Altwert: 'x' },
    { 'Ancienne valeur': 'x' },
    { 'Valor anterior': 'x' },
    { 'Предыдущее значение': 'x' },
    { 'Старое значение': 'x' },
    { 'Poprzednia wartość': 'x' },
    { 旧值: 'x' },
    { message: 'Credit limit changed from 10 to 15' },
    { message: 'Kreditlimit von 10 auf 15 geändert' },
    { message: 'Limite passée de 10 à 15' },
    { message: 'Лимит изменён с 10 на 15' },
    { details: 'Terms: Net 30 -> Net 45' },
    { note: 'Owner changed. Previous value: jo' },
    { note: 'limit 15 (was 10)' },
  ])('may be in %j', (record) => expect(mayHoldPrevious(record)).toBe(true))

  it.each([
    {},
    { action: 'update', title: 'Threshold', holder: 'jo' },
    { previous: '' },
    { before: null, old: {}, prior: [] },
    { valid_from: '2026-01-01' },
    { message: 'Entry updated by jo' },
    { title: 'A letter to Jo' },
    { alt: 'a picture' },
    { gold: 1, folder: 'x', household: 2 },
  ])('is not in %j', (record) => expect(mayHoldPrevious(record)).toBe(false))

  it('is found in its texts by both mappers alike', async () => {
    const strapi = await loadIntegration('strapi')
    const parts = [
      'from',
      'From 1',
      'to 2',
      'de 1',
      'para 2',
      'da',
      'z 5 na 6',
      'ze',
      'was:',
      '(was 3)',
      'OLD=1',
      ';prev: x',
    ]
    const others = [
      'data',
      'gold',
      'a->b',
      'x =>',
      'before "',
      'priority 1',
      'fra 1 til',
      'von',
      '',
      'a\nfrom',
      'é',
    ]
    const all = [...parts, ...others]
    const texts = all.flatMap((one) => all.flatMap((two) => [`${one} ${two}`, `${one}${two} a to b`]))
    const records = texts.map((note, id) => {
      const payload = { uid: 'api::article', note }
      return { id, action: 'entry.update', date: '2026-01-22T10:00:00Z', payload }
    })
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    const found = batchOf(makerOf(strapi), lines).events.map(
      (event) => valueAt(event, 'audit.old_unknown') !== true,
    )
    expect(found).toEqual(records.map((record) => mayHoldPrevious(record)))
    expect(new Set(found).size).toBe(2)
  })

  it('is said to be unknown only where nothing in the record looks like one', async () => {
    const strapi = await loadIntegration('strapi')
    const unknownOf = (payload: object): unknown => {
      const record = { id: 1, action: 'entry.update', date: '2026-01-22T10:00:00Z', payload }
      const [event] = eventsIn(recordsOf(strapi, `${JSON.stringify(record)}\n`))
      return valueAt(event ?? {}, 'audit.old_unknown')
    }
    expect(unknownOf({ uid: 'api::article', entry: { title: 'News' } })).toBe(true)
    expect(
      unknownOf({ uid: 'api::article', entry: { title: 'News', previous_title: 'Olds' } }),
    ).toBeUndefined()
    expect(unknownOf({ uid: 'api::article', note: 'title changed from Olds to News' })).toBeUndefined()
  })
})
