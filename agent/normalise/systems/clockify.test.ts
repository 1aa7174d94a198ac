import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** Every action of Clockify's table, with the kind of record, what happened and which way. */
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
    expect(integration.events.map(({ id }) => id).sort()).toEqual(
      ACTIONS.map(([, code]) => `clockify.${code}`).sort(),
    )
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
    for (const events of files.values()) {
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
