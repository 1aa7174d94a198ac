import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { EventRule } from '../../../schema/index.ts'
import { BatchMaker } from '../batch/batch.ts'
import { setupOf, specOf, taskOf } from '../testing/setup.ts'
import { catalogueOf } from './filter.ts'
import { loadIntegration } from './load.ts'

const erp = await loadIntegration('erp')

const records = {
  product: { action: 'View', entity: 'Product', user: 'Jane', result: 'Success' },
  financial: { action: 'View', entity: 'Financial Record', user: 'Jane', result: 'Success' },
  update: { action: 'Update', entity: 'Product', user: 'Bob', result: 'Success' },
  failed: { action: 'Login', entity: 'User', user: 'Bob', result: 'Failure' },
  odd: { action: 'Juggle', user: 'Jane' },
}
type Name = keyof typeof records

/** Returns the records that these rules record, and the number that is counted as filtered. */
function recorded(
  local: readonly EventRule[],
  central: readonly EventRule[] = [],
  host = 'web-1',
): [Name[], number] {
  const names = Object.keys(records) as Name[]
  const text = names.map((name) => `${JSON.stringify({ ...records[name], event_id: name })}\n`).join('')
  const setup = setupOf([specOf(erp, { events: local })], { host, events: central })
  const result = new BatchMaker(setup, [erp]).make(taskOf(text))
  const [slice] = result.slices
  expect(slice?.read).toBe(names.length)
  expect(slice?.events).toBe(result.events)
  expect(names.length - result.events).toBe(slice?.filtered)
  const kept = names.filter((name) => recordedIds(result.payload).includes(name))
  return [kept, slice?.filtered ?? -1]
}

const recordedIds = (payload: Uint8Array): string[] =>
  payload.length === 0
    ? []
    : zstdDecompressSync(payload)
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).audit.source_event_id)

const off = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'off' })
const on = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'on' })

describe('events switched off', () => {
  it('everywhere, and counted', () => {
    expect(recorded([])).toEqual([['product', 'financial', 'update', 'failed', 'odd'], 0])
    expect(recorded([off('erp.record.viewed')])).toEqual([['update', 'failed', 'odd'], 2])
    expect(recorded([off('erp.record.*')])).toEqual([['failed', 'odd'], 3])
  })

  it('views of products off, of financial records on', () => {
    expect(recorded([off('erp.record.viewed', { entity: 'product' })])[0]).not.toContain('product')
    expect(
      recorded([off('erp.record.viewed'), on('erp.record.viewed', { entity: 'Financial Record' })])[0],
    ).toEqual(['financial', 'update', 'failed', 'odd'])
  })

  it('for a user, for a host', () => {
    expect(recorded([off('erp.record.*', { user: 'bob' })])[0]).toEqual([
      'product',
      'financial',
      'failed',
      'odd',
    ])
    expect(recorded([off('erp.record.*', { host: 'web-2' })])[1]).toBe(0)
    expect(recorded([off('erp.record.*', { host: 'web-2' })], [], 'web-2')[1]).toBe(3)
  })

  it('what is mandatory never is', () => {
    expect(recorded([off('*')])).toEqual([['failed'], 4])
    expect(recorded([off('erp.login.failed')])[1]).toBe(0)
  })

  it('records of no type are named as a type of their own', () => {
    expect(recorded([off('erp.other')])[0]).toEqual(['product', 'financial', 'update', 'failed'])
  })

  it('the rule of the host is stronger than the central one, however exact that is', () => {
    const central = [off('erp.record.viewed', { entity: 'Product', user: 'Jane' })]
    expect(recorded([], central)[0]).not.toContain('product')
    expect(recorded([on('erp.*')], central)[0]).toContain('product')
  })

  it('of two that are alike the one that names the type, then the later, rules', () => {
    expect(recorded([on('erp.record.viewed'), off('erp.*')])[0]).toEqual(['product', 'financial', 'failed'])
    expect(recorded([off('erp.record.viewed'), on('erp.record.viewed')])[1]).toBe(0)
  })

  it('the catalogue lists what can be switched, and what can not', () => {
    const { types } = catalogueOf(erp)
    expect(types.find(({ id }) => id === 'erp.login.failed')).toMatchObject({
      mandatory: true,
      group: 'Security',
    })
    expect(types.at(-1)).toMatchObject({ id: 'erp.other', mandatory: false })
  })
})
