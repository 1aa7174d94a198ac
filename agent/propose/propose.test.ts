import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { textAt, valueAt } from '../../schema/index.ts'
import { examine, framingFor } from '../normalise/index.ts'
import { type Proposal, propose } from './index.ts'

const SAMPLES = join(import.meta.dirname, 'samples')
const NOW = Date.UTC(2026, 0, 23, 12)

const proposed = (text: string | Buffer, file = 'sample.log'): Promise<Proposal> =>
  propose(file, Buffer.from(text), { name: 'shop', now: NOW })

function eventsOf({ integration }: Proposal, bytes: Buffer) {
  const about = { path: 'x', timeZone: 'UTC', host: 'h', now: NOW, framing: framingFor(integration) }
  return examine(integration, bytes, about).filter(({ outcome }) => outcome !== 'skipped')
}

const fieldsOf = ({ found }: Proposal): Record<string, string> =>
  Object.fromEntries(found.map(({ field, from }) => [field, from]))

/** The expected members for time, user, address and action in each product's sample, and the content of the first event. */
const PRODUCTS = {
  'gitlab.jsonl': [
    ['time', 'author_name', 'ip_address', 'event_type'],
    ['2026-01-22T10:45:32.118Z', 'Anna Berg', '192.0.2.41', 'user_authenticated'],
  ],
  'nextcloud.jsonl': [
    ['time', 'user', 'remoteAddr', 'message'],
    ['2026-01-22T10:45:32.000Z', 'anna', '192.0.2.17', 'Login successful'],
  ],
  'vault.jsonl': [
    ['time', 'auth.display_name', 'request.remote_address', 'request.operation'],
    ['2026-01-22T10:45:32.118Z', 'ldap-anna', '192.0.2.33', 'read'],
  ],
  'keycloak.jsonl': [
    ['time', 'details.username', 'ipAddress', 'type'],
    ['2026-01-22T10:45:32.118Z', 'anna', '192.0.2.51', 'LOGIN'],
  ],
  'grafana.jsonl': [
    ['timestamp', 'user.name', 'ipAddress', 'action'],
    ['2026-01-22T10:45:32.118Z', 'anna', '192.0.2.61', 'create'],
  ],
  'mariadb-server-audit.log': [
    ['time', 'user', 'client_ip', 'action'],
    ['2026-01-22T10:45:32.000Z', 'anna', '192.0.2.71', 'CONNECT'],
  ],
  'zabbix.json': [
    ['clock', 'username', 'ip', 'action'],
    ['2026-01-22T10:45:32.000Z', 'Admin', '192.0.2.81', '1'],
  ],
  'mattermost.jsonl': [
    ['timestamp', 'actor.user_id', 'actor.ip_address', 'event_name'],
    ['2026-01-22T10:45:32.118Z', 'w1x2y3z4a5b6c7d8e9f0g1h2i3', '192.0.2.91', 'login'],
  ],
  'bitwarden.csv': [
    ['date', 'userName', 'ip', 'type'],
    ['2026-01-22T10:45:32.118Z', 'Anna Berg', '192.0.2.101', 'User_LoggedIn'],
  ],
  '1password.json': [
    ['timestamp', 'actor_details.name', 'session.ip', 'action'],
    ['2026-01-22T10:45:32.000Z', 'Anna Berg', '192.0.2.111', 'join'],
  ],
  'auth0.jsonl': [
    ['data.date', 'data.user_name', 'data.ip', 'data.type'],
    ['2026-01-22T10:45:32.118Z', 'anna@shop.example', '192.0.2.121', 's'],
  ],
  'teleport.jsonl': [
    ['time', 'user', 'client_address', 'event'],
    ['2026-01-22T10:45:32.118Z', 'anna', '192.0.2.131', 'user.login'],
  ],
  'shop-de.csv': [
    ['Buchungszeitpunkt', 'Bearbeiterin', 'Rechneradresse', 'Vorgang'],
    ['2026-01-22T10:45:32.000Z', 'Anna Berg', '192.0.2.141', 'Beleg geändert'],
  ],
} as const

describe('of a sample of', () => {
  it.each(Object.entries(PRODUCTS))(
    '%s time, user, address and action are found',
    async (file, [members, said]) => {
      const bytes = readFileSync(join(SAMPLES, file))
      const proposal = await proposed(bytes, file)
      const fields = fieldsOf(proposal)
      const user = fields['user.name'] ?? fields['user.email'] ?? fields['user.id']
      expect([fields['@timestamp'], user, fields['source.ip'], fields['event.action']]).toEqual(members)
      const events = eventsOf(proposal, bytes)
      expect(events).toHaveLength(proposal.records)
      for (const { outcome, event } of events) {
        expect(outcome).toBe('event')
        expect(valueAt(event!, 'tags') ?? []).not.toContain('timestamp_missing')
        for (const field of ['source.ip', 'event.action']) expect(valueAt(event!, field), field).toBeDefined()
      }
      const first = events[0]!.event!
      const who = textAt(first, 'user.name') ?? textAt(first, 'user.email') ?? textAt(first, 'user.id')
      expect([
        valueAt(first, '@timestamp'),
        who,
        valueAt(first, 'source.ip'),
        textAt(first, 'event.action'),
      ]).toEqual(said)
    },
  )

  it('every product there is a test', () => {
    expect(readdirSync(SAMPLES).sort()).toEqual(Object.keys(PRODUCTS).sort())
  })
})

describe('a proposal', () => {
  it('says beside each field why, names the actions as types, and leaves nothing out in silence', async () => {
    const { text } = await proposed(readFileSync(join(SAMPLES, 'gitlab.jsonl')))
    expect(text).toMatch(/- \{ from: author_name, to: user\.name \} # by its words, and its values are names/)
    expect(text).toMatch(
      /- \{ id: shop\.member_created, title: Member created, .* when: \{ event_type: member_created \} \}/,
    )
    expect(text).toMatch(/changes: \{ before: from, after: to, field: change \}/)
    expect(text).toMatch(/# Left to the names .* kept in audit\.payload: .*correlation_id/)
  })

  it('takes an outcome only from texts that say one, and names the others', async () => {
    const lines = ['ok', 'denied', 'pending', 'ok'].map((result, i) => ({
      time: `2026-01-22T10:45:3${i}Z`,
      user: 'anna',
      action: 'open',
      result,
    }))
    const proposal = await proposed(lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(proposal.text).toMatch(
      /# Neither success nor failure, as far as is known: pending\n.*success: \[ok\], failure: \[denied\]/,
    )
  })

  const row = (of: object, i: number): string =>
    JSON.stringify({ Zeitpunkt: `2026-01-22T10:45:3${i}Z`, Benutzer: i % 2 === 0 ? 'anna' : 'tom', ...of })

  it.each([
    ['Anmeldung', 'security'],
    ['Anmeldung fehlgeschlagen', 'security'],
    ['Kennwort geändert', 'security'],
    ['Rolle zugewiesen', 'security'],
    ['Beleg geändert', 'change'],
    ['Beleg gelöscht', 'change'],
    ['Bericht exportiert', 'activity'],
    ['Connexion', 'security'],
    ['Mot de passe modifié', 'security'],
    ['Inicio de sesión', 'security'],
    ['Contraseña cambiada', 'security'],
    ['Rol asignado', 'security'],
    ['Accesso', 'security'],
    ['Fattura modificata', 'change'],
    ['Senha alterada', 'security'],
    ['Aanmelding mislukt', 'security'],
    ['Wachtwoord gewijzigd', 'security'],
    ['Zmiana hasła', 'security'],
    ['Zalogowano', 'security'],
    ['Вход в систему', 'security'],
    ['Пароль изменён', 'security'],
    ['Роль назначена', 'security'],
    ['Вхід у систему', 'security'],
    ['Документ видалено', 'change'],
  ])('of the action %s has the category %s', async (action, category) => {
    const lines = [0, 1, 2, 3].map((i) => row({ Aktion: i === 3 ? 'Beleg geprüft' : action }, i)).join('\n')
    const proposal = await proposed(lines)
    const [first] = eventsOf(proposal, Buffer.from(lines))
    expect([textAt(first!.event!, 'event.action'), valueAt(first!.event!, 'audit.category')]).toEqual([
      action,
      category,
    ])
  })

  it('titles types as the source writes them, and knows those without a letter of the alphabet', async () => {
    const actions = ['Größe geändert', 'Anmeldung fehlgeschlagen', 'Пароль изменён', 'user_roleAssigned']
    const { text } = await proposed(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => row({ Aktion: actions[i % 4] }, i)).join('\n'),
    )
    expect(text).toMatch(/id: shop\.grosse_geandert, title: Größe geändert, .* Aktion: Größe geändert/)
    expect(text).toMatch(/id: shop\.action_3, title: Пароль изменён,/)
    expect(text).toMatch(/title: User role assigned,/)
  })

  it.each([
    ['Altwert', 'Neuwert', 'Feld'],
    ['Ancienne valeur', 'Nouvelle valeur', 'Champ'],
    ['Valor anterior', 'Valor nuevo', 'Campo'],
    ['Valore precedente', 'Nuovo valore', 'Campo'],
    ['Oude waarde', 'Nieuwe waarde', 'Veld'],
    ['Stara wartość', 'Nowa wartość', 'Pole'],
    ['Старое значение', 'Новое значение', 'Поле'],
    ['Попереднє значення', 'Нове значення', 'Поле'],
    ['oldContent', 'newContent', 'property'],
    ['previous', 'current', 'attribute'],
  ])('proposes %s and %s as changes', async (before, after, field) => {
    const lines = [0, 1, 2]
      .map((i) =>
        row({ Aktion: 'Beleg geändert', [field]: 'Betrag', [before]: `1${i}`, [after]: `2${i}` }, i),
      )
      .join('\n')
    const proposal = await proposed(lines)
    const [first] = eventsOf(proposal, Buffer.from(lines))
    expect(valueAt(first!.event!, 'audit.changes')).toEqual([{ field: 'Betrag', old: '10', new: '20' }])
  })

  it('takes failures by the words that every outcome is read by', async () => {
    const results = [
      'erfolgreich',
      'abgelehnt',
      'verweigert',
      'zurückgewiesen',
      'refusé',
      'rechazado',
      'отклонено',
    ]
    const { text } = await proposed(
      results.map((Ergebnis, i) => row({ Aktion: 'Freigabe', Ergebnis }, i)).join('\n'),
    )
    expect(text).toMatch(
      /success: \[erfolgreich\], failure: \[abgelehnt, verweigert, zurückgewiesen, refusé,/,
    )
    expect(text).not.toMatch(/Neither success nor failure/)
  })

  it('goes into lists of objects, by what their items are', async () => {
    const lines = [0, 1, 2, 3]
      .map((i) =>
        JSON.stringify({
          when: `2026-01-22T10:45:3${i}Z`,
          operation: i < 2 ? 'open' : 'close',
          parties: [
            { kind: 'Actor', login: i % 2 === 0 ? 'anna' : 'tom', address: '192.0.2.7' },
            { kind: 'Document', title: `Order ${i}`, ref: `D-${i}` },
          ],
          edits: [{ property: 'amount', before: `${i}`, after: `${i + 1}` }],
        }),
      )
      .join('\n')
    const proposal = await proposed(lines)
    expect(fieldsOf(proposal)).toMatchObject({
      'user.name': 'parties[kind=Actor].login',
      'source.ip': 'parties[kind=Actor].address',
    })
    expect(proposal.text).toContain(
      'changes: { list: edits, item: { old: before, new: after, field: property } }',
    )
    const [first] = eventsOf(proposal, Buffer.from(lines))
    expect(first!.event).toMatchObject({
      user: { name: 'anna' },
      source: { ip: '192.0.2.7' },
      audit: { changes: [{ field: 'amount', old: '0', new: '1' }] },
    })
  })

  it('masks members that look like secrets, and not ids', async () => {
    const line = (i: number) =>
      JSON.stringify({
        time: `2026-01-22T10:45:3${i}Z`,
        user: 'anna',
        action: 'open',
        ticket: `Zk9x${i}Qw7LmN2bVc4RtY8uIo1PaSd5`,
        request_id: `0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f${i}`,
      })
    const proposal = await proposed([1, 2, 3].map(line).join('\n'))
    expect(proposal.text).toMatch(/mask: \{ names: \[ticket\] \}/)
    const [first] = eventsOf(proposal, Buffer.from(line(1)))
    expect(JSON.stringify(first!.event)).not.toContain('Zk9x')
  })

  it('reads lines of text, behind a syslog header too', async () => {
    const lines = [1, 2, 3]
      .map((i) => `Jan 22 10:45:3${i} web-1 shopd[812]: order ${i} opened by anna from 192.0.2.${i}`)
      .join('\n')
    const proposal = await proposed(lines)
    expect(proposal.text).toMatch(/format: plain .*\nenvelope: syslog/)
    const [first] = eventsOf(proposal, Buffer.from(lines))
    expect(first!.event).toMatchObject({
      user: { name: 'anna' },
      source: { ip: '192.0.2.1' },
      host: { name: 'h' },
      log: { syslog: { hostname: 'web-1' } },
    })
  })

  it('of one record is possible', async () => {
    const fields = fieldsOf(
      await proposed('{"when":"2026-01-22T10:45:32Z","who":"anna","what":"opened","from_ip":"192.0.2.7"}\n'),
    )
    expect(fields).toMatchObject({
      '@timestamp': 'when',
      'user.name': 'who',
      'event.action': 'what',
      'source.ip': 'from_ip',
    })
  })

  it.each([
    ['an empty file', '', /sample\.log is empty/],
    ['blank lines', '\n \n', /sample\.log is empty/],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 2]), /sample\.log is not a text/],
    ['a packed file', Buffer.from([0x1f, 0x8b, 8, 0]), /compressed: unpack it first/],
    ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), /UTF-16: convert it first/],
  ])('of %s is refused with a sentence', async (_, content, sentence) => {
    await expect(proposed(content)).rejects.toThrow(sentence)
  })

  it('is valid whatever members are called', async () => {
    const names = [
      'a: b',
      'x # y',
      '"q"',
      "it's",
      '{',
      'true',
      '- dash',
      'ünï cödé',
      '日本',
      'new\nline',
      '*',
      '&a',
      '%',
      '@',
      '`',
      '',
      ' ',
    ]
    const record = Object.fromEntries(
      names.map((name, i) => [name, i % 2 === 0 ? `2026-01-22T10:45:3${i % 10}Z` : `v # ${name}`]),
    )
    const proposal = await proposed(`${JSON.stringify(record)}\n${JSON.stringify(record)}\n`)
    expect(proposal.integration.name).toBe('shop')
  })
})
