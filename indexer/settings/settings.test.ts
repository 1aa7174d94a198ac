import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { EventRule } from '../../schema/index.ts'
import { readCatalogue } from './catalogue.ts'
import { problemOf } from './event-settings.ts'
import { actsOf } from './toggles.ts'

const silent = pino({ level: 'silent' })
const catalogue = await readCatalogue(silent)
const off = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'off' })
const on = (event: string, more: Partial<EventRule> = {}): EventRule => ({ event, ...more, record: 'on' })

/** Returns the trail's events of a change: action, type, and the rules before and after. */
const told = (before: EventRule[], after: EventRule[]) =>
  actsOf(before, after, catalogue, { name: 'olga' }).map(({ action, entity, changes }) => [
    action,
    entity?.id,
    (changes ?? []).map(({ field, old, new: now }) => `${field}: ${old} -> ${now}`).join('; '),
  ])

describe('the catalogue', () => {
  it('has the types of every integration, and one for all its other records', () => {
    expect(catalogue.get('erp.login.failed')).toMatchObject({
      integration: 'erp',
      mandatory: true,
      group: 'Security',
    })
    expect(catalogue.get('plain.other')).toMatchObject({ mandatory: false, recorded: true })
    expect(catalogue.meantBy('erp.record.*').map(({ id }) => id)).toContain('erp.record.viewed')
    expect(new Set(catalogue.types.map(({ id }) => id)).size).toBe(catalogue.types.length)
  })

  it('goes without an integration that is damaged, and says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-catalogue-'))
    const said: string[] = []
    const log = pino({}, { write: (line: string) => void said.push(JSON.parse(line).msg) })
    try {
      for (const [name, text] of [
        ['good', 'name: good\ntitle: Good\nevents:\n  - { id: good.one, title: One, group: G, when: {} }\n'],
        ['bad', 'name: [\n'],
      ] as const) {
        await mkdir(join(folder, name))
        await writeFile(join(folder, name, 'integration.yml'), text)
      }
      const { types } = await readCatalogue(log, folder)
      expect(types.map(({ id }) => id)).toEqual(['good.one', 'good.other'])
      expect(said.join()).toMatch(/can't be switched centrally: .*bad.integration\.yml:/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('rules that are wrong', () => {
  const wrong = (rules: EventRule[], before: EventRule[] = []) => problemOf(rules, before, catalogue)

  it('are refused with the place, and with what was meant', () => {
    expect(wrong([off('erp.record.viewed'), on('erp.*', { user: 'jane' })])).toBeNull()
    expect(wrong([off('erp.*'), off('erp.record.view')])).toBe(
      'events.1.event: there is no event type erp.record.view (did you mean erp.record.viewed?)',
    )
    expect(wrong([off('nothing.*')])).toMatch(/^events\.0\.event: no event type begins with nothing\./)
    expect(wrong([off('erp.login.failed')])).toMatch(/erp.login.failed \(.+\) is mandatory/)
    expect(wrong([off('erp.*', { user: 'Jane' }), on('erp.*', { user: 'jane' })])).toBe(
      'events.1: events.0 already has the same scope (erp.*, user jane)',
    )
  })

  it('are let be where they stood before their type went out of use', () => {
    const left = off('erp.gone')
    expect(wrong([left, off('erp.record.viewed')], [left])).toBeNull()
    expect(wrong([left])).not.toBeNull()
  })
})

describe('a change tells', () => {
  const viewed = 'erp.record.viewed'
  const product = { entity: 'Product' }

  it('of the types that it switches, with the rule before and after', () => {
    expect(told([], [off(viewed)])).toEqual([['event-type-off', viewed, `${viewed}: null -> off`]])
    expect(told([off(viewed)], [on(viewed)])).toEqual([['event-type-on', viewed, `${viewed}: off -> on`]])
    expect(told([off(viewed)], [])).toEqual([['event-type-on', viewed, `${viewed}: off -> null`]])
  })

  it('of what holds for the entity, user or host that the rule names', () => {
    expect(told([off(viewed)], [off(viewed), on(viewed, product)])).toEqual([
      ['event-type-on', viewed, `${viewed}, entity Product: null -> on`],
    ])
    expect(told([off(viewed), on(viewed, product)], [off(viewed)])).toEqual([
      ['event-type-off', viewed, `${viewed}, entity Product: on -> null`],
    ])
    const rule = off(viewed, { ...product, user: 'jane' })
    expect(actsOf([], [rule], catalogue, { name: 'olga' })[0]?.message).toMatch(
      /^erp\.record\.viewed \(.+\) is switched off for entity Product and for user jane\.$/,
    )
  })

  it('one event for each type of a group, and none for what is mandatory', () => {
    const types = told([], [off('erp.*')]).map(([, id]) => id)
    expect(types).toContain('erp.record.created')
    expect(types).toContain('erp.other')
    expect(types).not.toContain('erp.login.failed')
    expect(types).toHaveLength(catalogue.meantBy('erp.*').filter(({ mandatory }) => !mandatory).length)
  })

  it('of another order of rules that speak of the same events', () => {
    const [jane, entity] = [off(viewed, { user: 'jane' }), on(viewed, product)]
    expect(told([jane, entity], [entity, jane]).map(([, id]) => id)).toEqual([viewed])
    expect(told([jane, off('erp.login.success')], [off('erp.login.success'), jane])).toEqual([])
  })

  it('of rules that make no difference now, each once', () => {
    const change = 'event-rule-change'
    expect(told([], [on(viewed)])).toEqual([[change, viewed, `${viewed}: null -> on`]])
    expect(told([off(viewed)], [off(viewed), off(viewed, product)])).toEqual([
      [change, viewed, `${viewed}, entity Product: null -> off`],
    ])
    expect(told([off(viewed), off('erp.*')], [off('erp.*')])).toEqual([
      [change, viewed, `${viewed}: off -> null`],
    ])
    expect(told([off('erp.gone')], [])).toEqual([[change, 'erp.gone', 'erp.gone: off -> null']])
  })

  it('only of those types of a group for which no stronger rule says otherwise', () => {
    const types = told([off(viewed)], [off(viewed), off('erp.record.*')]).map(([, id]) => id)
    expect(types).toContain('erp.record.created')
    expect(types).not.toContain(viewed)
  })
})
