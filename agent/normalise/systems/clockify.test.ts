import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** Every action of Clockify's table, with the kind of record, the action and its origin. */
const { integration, files, all } = await samplesOf('clockify')
const [creation, change, deletion] = ['creation', 'change', 'deletion'] as const

const ACTIONS: readonly [action: string, code: string, entity: string, type: string, variant?: string][] = [
  ['Created time (personal, timer)', 'time_entry.created.timer', 'time_entry', creation, 'timer'],
  ['Created time (personal, manual)', 'time_entry.created.manual', 'time_entry', creation, 'manual'],
  ['Created time (import)', 'time_entry.created.import', 'time_entry', creation, 'import'],
  ['Created time (kiosk)', 'time_entry.created.kiosk', 'time_entry', creation, 'kiosk'],
  ['Created time (for other)', 'time_entry.created.for_other', 'time_entry', creation, 'for_other'],
  ['Restored time (personal)', 'time_entry.restored.personal', 'time_entry', change, 'personal'],
  ['Restored time (for other)', 'time_entry.restored.for_other', 'time_entry', change, 'for_other'],
  ['Updated time (personal)', 'time_entry.updated.personal', 'time_entry', change, 'personal'],
  ['Updated time (for other)', 'time_entry.updated.for_other', 'time_entry', change, 'for_other'],
  ['Deleted time (personal)', 'time_entry.deleted.personal', 'time_entry', deletion, 'personal'],
  ['Deleted time (for other)', 'time_entry.deleted.for_other', 'time_entry', deletion, 'for_other'],
  ['Created project', 'project.created', 'project', creation],
  ['Created project (import)', 'project.created.import', 'project', creation, 'import'],
  ['Created project (QuickBooks)', 'project.created.quickbooks', 'project', creation, 'quickbooks'],
  ['Updated project', 'project.updated', 'project', change],
  ['Deleted project', 'project.deleted', 'project', deletion],
  ['Created task', 'task.created', 'task', creation],
  ['Created task (import)', 'task.created.import', 'task', creation, 'import'],
  ['Updated task (personal)', 'task.updated.personal', 'task', change, 'personal'],
  ['Updated task (for other)', 'task.updated.for_other', 'task', change, 'for_other'],
  ['Deleted task', 'task.deleted', 'task', deletion],
  ['Created client', 'client.created', 'client', creation],
  ['Created client (import)', 'client.created.import', 'client', creation, 'import'],
  ['Created client (QuickBooks)', 'client.created.quickbooks', 'client', creation, 'quickbooks'],
  ['Updated client', 'client.updated', 'client', change],
  ['Deleted client', 'client.deleted', 'client', deletion],
  ['Created tag', 'tag.created', 'tag', creation],
  ['Created tag (import)', 'tag.created.import', 'tag', creation, 'import'],
  ['Updated tag', 'tag.updated', 'tag', change],
  ['Deleted tag', 'tag.deleted', 'tag', deletion],
  ['Created expense (personal)', 'expense.created.personal', 'expense', creation, 'personal'],
  ['Created expense (for other)', 'expense.created.for_other', 'expense', creation, 'for_other'],
  ['Restored expense (personal)', 'expense.restored.personal', 'expense', change, 'personal'],
  ['Restored expense (for other)', 'expense.restored.for_other', 'expense', change, 'for_other'],
  ['Updated expense (personal)', 'expense.updated.personal', 'expense', change, 'personal'],
  ['Updated expense (for other)', 'expense.updated.for_other', 'expense', change, 'for_other'],
  ['Deleted expense (personal)', 'expense.deleted.personal', 'expense', deletion, 'personal'],
  ['Deleted expense (for other)', 'expense.deleted.for_other', 'expense', deletion, 'for_other'],
]

describe('clockify', () => {
  it('knows every action of the table', () => {
    const wanted = ACTIONS.map(([action, code, entity, type, variant]) => ({
      'event.action': action,
      'event.code': `clockify.${code}`,
      'audit.entity.type': entity,
      'event.type': type,
      'audit.category': 'change',
      ...(variant === undefined ? {} : { 'audit.variant': variant }),
    }))
    expect(missing(all, wanted)).toEqual([])
  })

  it('has a record of each type, and a type for every record', () => {
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id)).map(({ id }) => id)).toEqual([])
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
  })

  it('knows every code of the report that its API gives, in the way of the table', () => {
    const report = files.get('report.json') ?? []
    const codes = new Set(report.map((event) => valueAt(event, 'event.action')))
    expect(codes.size).toBe(37)
    const types = new Map(report.map((event) => [valueAt(event, 'event.code'), event]))
    const wanted = ACTIONS.filter(([, code]) => !code.startsWith('task.updated'))
    for (const [action, code, entity, type, variant] of wanted) {
      const event = types.get(`clockify.${code}`) ?? {}
      expect(valueAt(event, 'audit.entity.type'), action).toBe(entity)
      expect(valueAt(event, 'event.type'), action).toEqual([type])
      expect(valueAt(event, 'audit.variant'), action).toBe(variant)
      expect(valueAt(event, 'event.outcome'), action).toBe('success')
    }
    expect(
      missing(report, [
        { 'event.code': 'clockify.task.updated', 'audit.change.before': 'status=ACTIVE' },
        {
          'event.action': 'UPDATE_PROJECT',
          'user.name': 'Zoë Fischer',
          'user.email': 'zoe.fischer@brightline.example',
          'user.id': '5df56293df753263139e60c5',
          'organization.id': '5df56293df753263139e60aa',
          'audit.entity.name': 'Acme Corporation: Trial',
          'audit.change.before': 'billableRate=0',
          'audit.change.after': 'billableRate=9500',
        },
        {
          'event.action': 'DELETE_TAG',
          'audit.entity.name': 'on-call',
          'audit.change.before': 'tagName=on-call',
        },
        { 'event.action': 'UPDATE_TIME_FOR_OTHER', 'audit.old_unknown': true },
        { 'event.action': 'CREATE_TIME_IMPORT', 'user.name': 'System' },
      ]),
    ).toEqual([])
  })

  it('what is made or changed at once is several entries, and each is the same in a page and on a line', () => {
    const report = files.get('report.json') ?? []
    const idsOf = (events: readonly AuditEvent[]): unknown[] =>
      events.map((event) => valueAt(event, 'event.id'))
    expect(new Set(idsOf(report)).size).toBe(report.length)
    const tags = report.filter((event) => valueAt(event, 'event.action') === 'CREATE_TAG')
    expect(tags.map((event) => valueAt(event, 'audit.entity.name'))).toEqual([
      'on-call',
      'travel',
      'workshop',
    ])
    expect(new Set(tags.map((event) => valueAt(event, '@timestamp'))).size).toBe(1)
    // Two entries with the same name become billable: only their times distinguish them.
    const billed = report.filter((event) => valueAt(event, 'event.action') === 'UPDATE_TIME_PERSONAL')
    expect(new Set(idsOf(billed)).size).toBe(2)
    for (const line of idsOf(files.get('report-lines.jsonl') ?? [])) expect(idsOf(report)).toContain(line)
  })

  it('is the same entry whether its content is a text or an object', () => {
    const record = { action: 'CREATE_TAG', timestamp: '2026-01-22T10:00:00Z', userName: 'A' }
    const [text, object] = eventsIn(
      recordsOf(
        integration,
        [
          { ...record, content: '{"tagName":"x","archived":false}', previousContent: 'null' },
          { ...record, content: { tagName: 'x', archived: false }, previousContent: null },
        ]
          .map((one) => `${JSON.stringify(one)}\n`)
          .join(''),
      ),
    )
    expect(valueAt(text ?? {}, 'event.id')).toBe(valueAt(object ?? {}, 'event.id'))
    expect(valueAt(text ?? {}, 'audit.changes')).toEqual([
      { field: 'tagName', new: 'x' },
      { field: 'archived', new: 'false' },
    ])
  })

  it('reads webhooks: what happened to whose record, and not by whom', () => {
    const hooks = files.get('webhooks.jsonl') ?? []
    expect(
      missing(hooks, [
        {
          'event.action': 'TIMER_STOPPED',
          'event.code': 'clockify.timer.stopped',
          'audit.channel': 'webhook',
          'audit.entity.id': '66600e73263e207962449b01',
          'audit.entity.name': 'Numbers ported, second batch',
          'user.target.id': '5df56293df753263139e60c6',
        },
        { 'event.action': 'NEW_PROJECT', 'event.code': 'clockify.project.created' },
        {
          'event.action': 'USER_DELETED_FROM_WORKSPACE',
          'audit.category': 'security',
          'event.category': 'iam',
        },
        { 'event.action': 'TIME_OFF_REQUEST_REJECTED', 'event.outcome': 'failure' },
        {
          'event.action': 'NEW_TAG',
          'audit.entity.name': 'night shift',
          'event.code': 'clockify.tag.created',
        },
      ]),
    ).toEqual([])
    expect(hooks.filter((event) => valueAt(event, 'user.id') !== undefined)).toEqual([])
    // With the signature, anybody could send in Clockify's name.
    expect(JSON.stringify(hooks)).not.toContain('b7c1d2e3f4a5968778695a4b3c2d1e0f')
  })

  it('has timestamp, author and action, and what an update shows when it is expanded', () => {
    expect(
      missing(all, [
        {
          '@timestamp': '2026-01-22T10:45:32.000Z',
          'user.name': 'Zoë Fischer',
          'user.email': 'zoe.fischer@brightline.example',
          'event.action': 'Updated project',
          'audit.change.before': 'Name=Acme Corporation: Migration to SIP',
          'audit.change.after': 'Name=Acme Corporation: Migration to SIP (phase 2)',
        },
        { 'user.name': 'System', 'event.code': 'clockify.client.created.quickbooks' },
      ]),
    ).toEqual([])
  })

  it('says that a previous value is unknown where the log was off when the record was made', () => {
    const [event] = all.filter((one) => valueAt(one, 'audit.entity.id') === '66600e73263e207962449a2e')
    expect(valueAt(event ?? {}, 'audit.old_unknown')).toBe(true)
    expect(valueAt(event ?? {}, 'audit.changes')).toEqual([{ field: 'Duration', new: '03:30:00' }])
  })

  it('ties what followed from a change to it', () => {
    for (const file of ['audit-log.csv', 'api.jsonl']) {
      const events = files.get(file) ?? []
      const followed = events.filter((event) => valueAt(event, 'audit.parent.id') !== undefined)
      expect(followed.length).toBeGreaterThan(0)
      for (const event of followed) {
        expect(valueAt(event, 'audit.parent.type')).toBe('project')
        expect(valueAt(event, 'audit.entity.type')).toBe('time_entry')
      }
    }
  })

  it('gives a row the same id in every export, and a record of the API the same', () => {
    const id = (file: string): unknown =>
      files
        .get(file)
        ?.filter((event) => valueAt(event, 'audit.entity.id') === '600e73263e207962449a2c13')
        .map((event) => valueAt(event, 'event.id'))[0]
    expect(id('audit-log.csv')).toBe(id('api.jsonl'))
    const header = 'Timestamp,Author,Action,Entity ID\n'
    const rows = ['2026-01-22 10:00:00,A,Created tag,1\n', '2026-01-22 10:00:01,A,Created tag,2\n']
    const first = eventsIn(recordsOf(integration, header + rows.join('')))
    const second = eventsIn(recordsOf(integration, header + rows.toReversed().join('')))
    expect(second.toReversed()).toEqual(first)
    expect(valueAt(first[0]!, 'event.id')).not.toBe(valueAt(first[1]!, 'event.id'))
  })

  it('takes times as profiles have them, in the zone of the input', () => {
    const header = 'Timestamp,Author,Action\n'
    for (const time of [
      '01/22/2026 10:45:32 AM',
      '01/22/2026 10:45:32',
      '22.01.2026 10:45:32',
      '"Jan 22, 2026 10:45:32 AM"',
    ]) {
      const [event] = eventsIn(recordsOf(integration, `${header}${time},A,Created tag\n`, 'Europe/Berlin'))
      expect(valueAt(event ?? {}, '@timestamp')).toBe('2026-01-22T09:45:32.000Z')
    }
  })
})
