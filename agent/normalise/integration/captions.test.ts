import { describe, expect, it } from 'vitest'
import { type AuditEvent, textAt, valueAt } from '../../../schema/index.ts'
import { type Integration, loadIntegration } from '../index.ts'
import { Mapper } from '../map/index.ts'
import type { Column } from '../task.ts'
import { batchOf, makerOf } from '../testing/batches.ts'
import { PlainMapper } from '../testing/plain/index.ts'
import { columnProblem, withColumns } from './columns.ts'
import { NameTree, spellings } from './names.ts'

/** The events of a text; the reference must give the same. */
function eventsOf(integration: Integration, text: string): AuditEvent[] {
  const [plain, direct] = [PlainMapper, Mapper].map(
    (mapper) => batchOf(makerOf(integration, { mapper }), text).events,
  )
  expect(JSON.stringify(direct)).toBe(JSON.stringify(plain))
  return plain!
}

describe('a name', () => {
  it.each([
    ['Benutzer', ['BENUTZER', 'benutzer', 'Be-nutzer']],
    ['Geändert von', ['GEÄNDERT VON', 'geändert_von', 'Geandert von', 'Geaendert von', 'Gea\u0308ndert Von']],
    ['Użytkownik', ['UŻYTKOWNIK', 'uzytkownik']],
    ['Действие', ['действие', 'ДЕЙСТВИЕ', 'Дейс_твие']],
    ["Nom d'utilisateur", ['nom d\u2019utilisateur', "NOM D'UTILISATEUR"]],
    ["Тип об'єкта", ['Тип об\u2019єкта', "ТИП ОБ'ЄКТА"]],
  ])('%s is known however it is written', (name, written) => {
    const tree = new NameTree()
    const source = tree.add('member')
    tree.addCaption('member', name)
    for (const one of [name, ...written]) expect(tree.child(tree.root, one)?.source, one).toBe(source)
  })

  it('of an integration is not taken by a caption, but by a column that the operator names', () => {
    const tree = new NameTree()
    const [user, owner] = [tree.add('user'), tree.add('owner')]
    tree.addCaption('user', 'Owner')
    expect(tree.child(tree.root, 'Owner')?.source).toBe(owner)
    tree.addCaption('user', 'Owner', { wins: true })
    expect(tree.child(tree.root, 'Owner')?.source).toBe(user)
  })

  it('has as many spellings as it needs', () => {
    expect(spellings('user_name')).toEqual(['user_name'])
    expect(spellings('Дата').length).toBeLessThan(6)
  })
})

const HEADERS = [
  ['de', 'Zeitpunkt', 'Bearbeiter', 'Aktion', 'IP-Adresse', 'Objekttyp'],
  ['fr', 'Date et heure', "Nom d'utilisateur", 'Opération', 'Adresse IP', "Type d'objet"],
  ['es', 'Fecha y hora', 'Usuario', 'Acción', 'Dirección IP', 'Tipo de objeto'],
  ['it', 'Data e ora', 'Utente', 'Azione', 'Indirizzo IP', 'Tipo di oggetto'],
  ['pt', 'Data/hora', 'Usuário', 'Ação', 'Endereço IP', 'Tipo de objeto'],
  ['nl', 'Tijdstip', 'Gebruiker', 'Actie', 'IP-adres', 'Objecttype'],
  ['pl', 'Data', 'Użytkownik', 'Czynność', 'Adres IP', 'Typ obiektu'],
  ['ru', 'Дата и время', 'Пользователь', 'Действие', 'IP-адрес', 'Тип объекта'],
  ['uk', 'Дата і час', 'Користувач', 'Дія', 'IP-адреса', "Тип об'єкта"],
] as const

describe.each([
  ['as it is', (text: string) => text],
  ['in capitals', (text: string) => text.toUpperCase()],
  ['in small letters', (text: string) => text.toLowerCase()],
] as const)('captions %s', (_, written) => {
  it.each(HEADERS)('of an export in %s are understood', async (_, ...captions) => {
    const integration = await loadIntegration('generic-csv')
    const head = captions.map(written).join(';')
    const [event] = eventsOf(integration, `${head}\n2026-01-22 10:45:32;anna;update;192.0.2.7;Kunde\n`)
    expect(valueAt(event!, '@timestamp')).toBe('2026-01-22T10:45:32.000Z')
    expect(textAt(event!, 'user.name')).toBe('anna')
    expect(textAt(event!, 'event.action')).toBe('update')
    expect(valueAt(event!, 'source.ip')).toBe('192.0.2.7')
    expect(textAt(event!, 'audit.entity.type')).toBe('Kunde')
  })
})

const named = (...names: string[]): Column => ({ names, format: [] })

describe('columns that an operator names', () => {
  const columns = {
    'user.name': named('Sachbearbeitung'),
    '@timestamp': named('Wann'),
    'audit.parent.name': named('Mandant'),
  }

  it('are read as the fields, and stand beside the names that the integration knows', async () => {
    const json = withColumns(await loadIntegration('generic-json'), {
      ...columns,
      before: named('Vorher'),
      after: named('Nachher'),
    })
    const records = [
      {
        Wann: '2026-01-22T10:45:32Z',
        Sachbearbeitung: 'anna',
        action: 'update',
        Mandant: 'Nord',
        Vorher: '1',
        Nachher: '2',
      },
      { time: '2026-01-22T10:45:33Z', user: 'bob', action: 'update' },
      { Sachbearbeitung: 'anna', user: 'bob', action: 'update' },
    ]
    const [first, second, third] = eventsOf(json, records.map((one) => `${JSON.stringify(one)}\n`).join(''))
    expect(first).toMatchObject({
      '@timestamp': '2026-01-22T10:45:32.000Z',
      user: { name: 'anna' },
      audit: { parent: { name: 'Nord' }, changes: [{ old: '1', new: '2' }] },
    })
    expect(second).toMatchObject({ user: { name: 'bob' } })
    // If two members mean the same, the first counts, and the other is kept.
    expect(third).toMatchObject({ user: { name: 'anna' }, audit: { payload: { user: 'bob' } } })
  })

  it('are what conditions and patterns ask for, too', async () => {
    const erp = withColumns(await loadIntegration('erp'), { event: named('Ereignis'), user: named('Wer') })
    const [event] = eventsOf(
      erp,
      '{"event_id":"L-1","timestamp":"2026-01-22T10:45:32Z","Ereignis":"Failed Login (3/5)","Wer":"Jane Roe <jane@shop.example>"}\n',
    )
    expect(event).toMatchObject({
      event: { code: 'erp.login.failed' },
      user: { name: 'Jane Roe', email: 'jane@shop.example' },
      audit: { attempt: { count: 3, max: 5 } },
    })
  })

  it.each([
    ['generic-csv', '@timestamp', 'time', '31.12.2025 14:05', 'DD.MM.YYYY HH:mm', '2025-12-31T14:05:00.000Z'],
    [
      'generic-csv',
      '@timestamp',
      'Zeitpunkt',
      '02.01.2026 08:30',
      'DD.MM.YYYY HH:mm',
      '2026-01-02T08:30:00.000Z',
    ],
    [
      'generic-csv',
      'timestamp',
      'Wann',
      '1/2/2026 2:05 PM',
      'MM/DD/YYYY hh:mm A',
      '2026-01-02T14:05:00.000Z',
    ],
    // The integration also reads these other forms.
    [
      'generic-csv',
      '@timestamp',
      'Wann',
      '2026-01-02T08:30:00Z',
      'DD.MM.YYYY HH:mm',
      '2026-01-02T08:30:00.000Z',
    ],
    [
      'clockify',
      '@timestamp',
      'Wann',
      '02.01.2026 08:30:15',
      'DD.MM.YYYY HH:mm:ss',
      '2026-01-02T08:30:15.000Z',
    ],
  ] as const)(
    'have the format of their times: %s, %s in %s, %s as %s',
    async (name, key, column, time, format, iso) => {
      const integration = await loadIntegration(name)
      const named = withColumns(integration, { [key]: { names: [column], format: [format] } })
      const [event] = eventsOf(named, `${column},user,action\n${time},anna,update\n`)
      expect(valueAt(event!, '@timestamp')).toBe(iso)
      expect(valueAt(event!, 'tags') ?? []).not.toContain('timestamp_invalid')
      expect(textAt(event!, 'user.name')).toBe('anna')
    },
  )

  it('that mean nothing are refused with what is meant', async () => {
    const erp = await loadIntegration('erp')
    expect(columnProblem(erp, 'user.name')).toBeNull()
    expect(columnProblem(erp, 'event')).toBeNull()
    expect(columnProblem(erp, 'user.nmae')).toMatch(/neither a field .*\(did you mean user\.name\?\)/)
    expect(columnProblem(erp, 'event.id')).toMatch(/fills itself/)
    expect(columnProblem(erp, '@timestamp', ['DD.MM.YYYY'])).toBeNull()
    expect(columnProblem(erp, 'timestamp', ['DD.MM.YYYY'])).toBeNull()
    for (const name of ['user.name', 'user'])
      expect(columnProblem(erp, name, ['DD.MM.YYYY'])).toBe(
        `only a time has a format, and ${name} is not a time: write the column only`,
      )
    expect(columnProblem(await loadIntegration('plain'), 'event.outcome')).toMatch(/values/)
  })
})
