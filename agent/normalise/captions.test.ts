import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type AuditEvent, type SourceId, textAt, valueAt } from '../../schema/index.ts'
import { BatchMaker } from './batch.ts'
import { columnProblem, withColumns } from './columns.ts'
import { framingFor, type Integration, loadIntegration } from './index.ts'
import { NameTree, spellings } from './names.ts'
import type { PipelineSpec } from './task.ts'

/** What a text becomes, which both ways must say alike. */
function eventsOf(integration: Integration, text: string): AuditEvent[] {
  const spec: PipelineSpec = {
    integration: integration.name,
    framing: framingFor(integration),
    tags: [],
    labels: {},
    timeZone: 'UTC',
  }
  const bytes = Buffer.from(text)
  const slice = {
    source: 'a'.repeat(32) as SourceId,
    generation: 0,
    path: '/var/log/x',
    pipeline: 0,
    start: 0,
    end: bytes.length,
    offset: 0,
    to: bytes.length,
    header: null,
    truncated: null,
  }
  const [plain, direct] = [true, false].map((plainly) => {
    const buffer = new ArrayBuffer(bytes.length + 64)
    Buffer.from(buffer).set(bytes)
    const setup = {
      agent: { id: 'agent-1', name: 'web-1', version: '1.0.0' },
      host: 'web-1',
      namespace: 'default',
      pipelines: [spec],
      compression: { encoding: 'zstd' as const, level: 1 },
    }
    const maker = new BatchMaker(setup, [integration], { plainly })
    const made = maker.make({ buffer, slices: [slice], now: Date.UTC(2026, 0, 23, 12) })
    return zstdDecompressSync(made.payload).toString()
  })
  expect(direct).toBe(plain)
  return plain!
    .split('\n')
    .slice(0, -1)
    .map((line): AuditEvent => JSON.parse(line))
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

describe('columns that an operator names', () => {
  const columns = {
    'user.name': ['Sachbearbeitung'],
    '@timestamp': ['Wann'],
    'audit.parent.name': ['Mandant'],
  }

  it('are read as the fields, and stand beside the names that the integration knows', async () => {
    const named = withColumns(await loadIntegration('generic-json'), {
      ...columns,
      before: ['Vorher'],
      after: ['Nachher'],
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
    const [first, second, third] = eventsOf(named, records.map((one) => `${JSON.stringify(one)}\n`).join(''))
    expect(first).toMatchObject({
      '@timestamp': '2026-01-22T10:45:32.000Z',
      user: { name: 'anna' },
      audit: { parent: { name: 'Nord' }, changes: [{ old: '1', new: '2' }] },
    })
    expect(second).toMatchObject({ user: { name: 'bob' } })
    // Of two that say the same the first counts, and the other is kept.
    expect(third).toMatchObject({ user: { name: 'anna' }, audit: { payload: { user: 'bob' } } })
  })

  it('are what conditions and patterns ask for, too', async () => {
    const named = withColumns(await loadIntegration('erp'), { event: ['Ereignis'], user: ['Wer'] })
    const [event] = eventsOf(
      named,
      '{"event_id":"L-1","timestamp":"2026-01-22T10:45:32Z","Ereignis":"Failed Login (3/5)","Wer":"Jane Roe <jane@shop.example>"}\n',
    )
    expect(event).toMatchObject({
      event: { code: 'erp.login.failed' },
      user: { name: 'Jane Roe', email: 'jane@shop.example' },
      audit: { attempt: { count: 3, max: 5 } },
    })
  })

  it('that mean nothing are refused with what is meant', async () => {
    const erp = await loadIntegration('erp')
    expect(columnProblem(erp, 'user.name')).toBeNull()
    expect(columnProblem(erp, 'event')).toBeNull()
    expect(columnProblem(erp, 'user.nmae')).toMatch(/neither a field .*\(did you mean user\.name\?\)/)
    expect(columnProblem(erp, 'event.id')).toMatch(/fills itself/)
    expect(columnProblem(await loadIntegration('plain'), 'event.outcome')).toMatch(/values/)
  })
})
