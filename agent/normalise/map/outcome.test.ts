import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AuditEvent, type FieldName, statedByName, valueAt } from '../../../schema/index.ts'
import { forEachRecord } from '../../inputs/framing.ts'
import { framingFor, INTEGRATIONS, loadIntegration } from '../index.ts'
import { isField } from '../integration/condition.ts'
import { folded, type Integration } from '../integration/integration.ts'
import { leafOf } from '../integration/layout.ts'
import { USUAL_COLUMNS } from '../integration/mapping.ts'
import type { Members } from '../integration/members.ts'
import { wholeFile } from '../task.ts'
import { dropIn, membersFor, putAt } from '../testing/catalogue.ts'
import { PlainPipeline } from '../testing/plain/index.ts'
import { setupOf, specOf } from '../testing/setup.ts'
import { Mapper, Memory } from './index.ts'
import { Output } from './output.ts'
import { Pipeline, type Place, type Understanding } from './pipeline.ts'

const NOW = Date.UTC(2026, 0, 23, 12)

/** Words of denial in products, in their languages. */
const DENYING = [
  'Failed',
  'Authorization denied',
  'access_refused',
  'REJECTED',
  'Отказано',
  'Відмовлено',
  'Abgelehnt',
  'Accès refusé',
  'Denegado',
  'Negato',
  'Negado',
  'Geweigerd',
  'Odrzucono',
  'Zamítnuto',
  '✗',
]
/** Words without a known meaning. */
const UNKNOWN = ['Foo', 'Zzyzx 7']

/** Types whose records state in their own words that a sign-in, a challenge or a grant has succeeded. */
const STATED: readonly string[] = [
  'linux-auth.ssh.login',
  'linux-auth.su',
  'linux-auth.polkit.authorized',
  'linux-auth.login',
  'linux-auth.pam.succeeded',
  'postgresql.login',
]
const SIGN_IN =
  /(^|[._-])(login|logon|sign-?in|auth|authentication|mfa|otp|2fa|challenge|grant|granted)([._-]|$)/

/** A record and its envelope. */
type Record = Pick<Understanding, 'envelope'> & { readonly members: Members }

class Bench {
  readonly integration: Integration
  readonly #pipeline: Pipeline
  readonly #place: Place
  readonly #memory = new Memory()
  readonly #output = new Output(this.#memory)
  readonly #mapper: Mapper
  readonly #plain: PlainPipeline

  constructor(integration: Integration) {
    this.integration = integration
    const spec = specOf(integration)
    this.#pipeline = new Pipeline(setupOf([spec]), spec, integration)
    this.#place = this.#pipeline.placeOf(wholeFile('/var/log/x.log', 0), NOW)
    this.#mapper = new Mapper(this.#pipeline, this.#memory, this.#output)
    this.#plain = new PlainPipeline(this.#pipeline)
  }

  /** The event of a record; the reference must give the same. */
  eventOf({ members, envelope }: Record): AuditEvent {
    const known = (): Understanding => ({
      text: 'x',
      body: 'x',
      kinds: null,
      envelope,
      flags: 0,
      problem: null,
      members: structuredClone(members),
    })
    const line = this.#plain.lineFrom(this.#place, known(), 0, 0)
    if (line === 'filtered') throw new Error('nothing is filtered here')
    this.#output.begin()
    this.#mapper.begin(this.#place)
    this.#mapper.take(this.#place, known(), { flags: 0, offset: 0 })
    const written = this.#output.bytes.toString('utf8', this.#output.first, this.#output.at)
    // This runs some hundred thousand times, which is too much for an expectation.
    if (written !== `${line.text}\n`) expect(written).toBe(`${line.text}\n`)
    return JSON.parse(line.text)
  }

  /** The records in the samples of this integration. */
  samples(): Record[] {
    const { name } = this.integration
    const folder = join(INTEGRATIONS, name, 'samples')
    const records: Record[] = []
    for (const file of readdirSync(folder).sort()) {
      const bytes = readFileSync(join(folder, file))
      this.#pipeline.format.begin(null)
      forEachRecord(framingFor(this.integration), bytes, 0, bytes.length, (start, end) => {
        const text = bytes.toString('utf8', start, end)
        const known = text.trim() === '' ? null : this.#pipeline.understand(this.#place, text)
        if (known === null || known.members === null) return
        records.push({ members: known.members, envelope: known.envelope })
      })
    }
    return records
  }
}

/** A file's record of sshd, sudo..., in the form of the journal. */
const asJournal = ({ members, envelope }: Record): Record => ({
  members: {
    MESSAGE: members.line ?? members.message,
    _COMM: envelope?.fields.find(([leaf]) => leaf === leafOf('process.name'))?.[1],
  },
  envelope: null,
})

const textAt = (event: AuditEvent, name: FieldName): string => {
  const value = valueAt(event, name)
  return String((Array.isArray(value) ? value[0] : value) ?? '')
}
const saidIn = ({ members }: Record, name: string): string =>
  String(Object.entries(members).find(([member]) => folded(member) === folded(name))?.[1] ?? '')
const outcomeOf = (event: AuditEvent): unknown => valueAt(event, 'event.outcome')

/** The columns that the outcome is taken from. */
const columnsOf = ({ fields }: Integration): readonly string[] =>
  withUsual(fields.flatMap(({ to, value, from }) => (to === 'event.outcome' && value === null ? from : [])))
const withUsual = (columns: string[]): readonly string[] => (columns.length > 0 ? columns : USUAL_COLUMNS)

/** The texts from which such a column is extracted. */
const textsWithin = ({ extract }: Integration, columns: readonly string[]): string[] =>
  extract.flatMap(({ from, patterns }) =>
    patterns.some(({ pattern }) => columns.some((column) => pattern.includes(`(?<${column}>`))) ? from : [],
  )

/** A record without these columns, in any spelling. */
function without({ members, envelope }: Record, columns: readonly string[]): Record {
  const copy = structuredClone(members)
  const plain = columns.filter((column) => !dropIn(copy, column))
  const gone = new Set(plain.map((column) => folded(column.split('.')[0]!)))
  return {
    members: Object.fromEntries(Object.entries(copy).filter(([name]) => !gone.has(folded(name)))),
    envelope,
  }
}

function saying({ members, envelope }: Record, column: string, value: string): Record {
  const copy = structuredClone(members)
  putAt(copy, column, value)
  return { members: copy, envelope }
}

const benches = new Map<string, Promise<Bench>>()

/** Each integration is prepared once. */
function benchOf(name: string): Promise<Bench> {
  const bench = benches.get(name) ?? loadIntegration(name).then((integration) => new Bench(integration))
  benches.set(name, bench)
  return bench
}

const names = readdirSync(INTEGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

describe.each(names)('the outcome of what %s logs', async (name) => {
  const bench = await benchOf(name)
  const { integration } = bench
  const sampled = bench.samples()
  if (integration.formats.includes('journald'))
    sampled.push(...(await benchOf('linux-auth')).samples().map(asJournal))
  const columns = columnsOf(integration)
  const stating = [...columns, ...textsWithin(integration, columns)]

  /** A record of each type: made from the conditions of the catalogue, or else one of the samples. */
  const records = new Map<string, Record>()
  for (const { id, when } of integration.events) {
    let tries = 0
    for (const members of membersFor(integration, when)) {
      const record = { members, envelope: null }
      if (textAt(bench.eventOf(record), 'event.code') === id) records.set(id, record)
      if (records.has(id) || ++tries === 500) break
    }
  }
  for (const record of sampled) {
    const id = textAt(bench.eventOf(record), 'event.code')
    if (!records.has(id)) records.set(id, record)
  }

  it('is looked at for every event type', () => {
    const missing = integration.events.filter(({ id }) => !records.has(id)).map(({ id }) => id)
    expect(missing).toEqual([])
  })

  it('is stated by the record, or unknown, or follows from a type that exists only where it succeeded', () => {
    for (const { id } of integration.events) {
      const record = without(records.get(id)!, stating)
      const event = bench.eventOf(record)
      const outcome = outcomeOf(event)
      expect(['success', 'failure', 'unknown'], id).toContain(outcome)
      for (const column of columns)
        expect(outcomeOf(bench.eventOf(saying(record, column, ''))), `${id}, ${column} empty`).toBe(outcome)
      if (outcome !== 'success' || STATED.includes(id)) continue
      const isSignIn =
        SIGN_IN.test(id.slice(id.indexOf('.'))) ||
        (textsAt(event, 'event.category').includes('authentication') &&
          !textsAt(event, 'event.type').includes('end'))
      const said = integration.outcome.map((field) =>
        statedByName(isField(field) ? textAt(event, field) : saidIn(record, field)),
      )
      if (isSignIn) expect(said, `${id} is a success by default`).toContain('success')
    }
  })

  it('is no success where nobody knows what the result means', () => {
    for (const { id } of integration.events)
      for (const column of columns)
        for (const text of UNKNOWN) {
          const event = bench.eventOf(saying(without(records.get(id)!, stating), column, text))
          expect(outcomeOf(event), `${id}, ${column}: ${text}`).not.toBe('success')
        }
  })

  it('is a failure where the result is a word of denial', () => {
    for (const { id } of integration.events)
      for (const column of columns)
        for (const text of DENYING) {
          const event = bench.eventOf(saying(without(records.get(id)!, stating), column, text))
          expect(outcomeOf(event), `${id}, ${column}: ${text}`).toBe('failure')
        }
  })

  it('is a failure where the action has a word of denial and no column says otherwise', () => {
    const column = integration.fields.find(({ to, when }) => to === 'event.action' && when === null)?.from[0]
    if (column === undefined || integration.formats.includes('plain')) return
    for (const [id, record] of records)
      for (const action of ['challenge.failed', 'requestDenied', 'ACCESS_REFUSED', 'Доступ запрещён']) {
        const event = bench.eventOf(
          saying(without(record, [...stating, ...actionsOf(integration)]), column, action),
        )
        expect(outcomeOf(event), `${id}, ${column}: ${action}`).toBe('failure')
      }
  })
})

const textsAt = (event: AuditEvent, name: FieldName): unknown[] => [valueAt(event, name)].flat()

const actionsOf = ({ fields }: Integration): string[] =>
  fields.flatMap(({ to, from }) => (to === 'event.action' ? from : []))

describe('an integration that somebody wrote', () => {
  const bench = loadIntegration('generic-json').then((json) => new Bench({ ...json, name: 'mine' }))
  const outcomeFor = async (members: Members): Promise<unknown> =>
    outcomeOf((await bench).eventOf({ members, envelope: null }))

  it.each([
    // The column decides.
    [{ action: 'account_locked', result: 'success' }, 'success'],
    [{ action: 'account_locked', status: 'OK' }, 'success'],
    [{ action: 'user.login', status: 403 }, 'failure'],
    [{ action: 'login success', result: 'denied' }, 'failure'],
    [{ action: 'user.login', result: 'Отказано' }, 'failure'],
    [{ action: 'user.login', result: 'Успешно' }, 'success'],
    // Then the words of the action decide, unless a result has an unknown meaning.
    [{ action: 'login_failed' }, 'failure'],
    [{ action: 'login_failed', result: '' }, 'failure'],
    [{ action: 'login_failed', result: 'Foo' }, 'failure'],
    [{ action: 'login success' }, 'success'],
    [{ action: 'login success', result: 'Foo' }, 'unknown'],
    [{ action: 'checkout', code: 'CARD_REJECTED' }, 'failure'],
    [{ action: 'checkout', event: 'payment declined' }, 'failure'],
    // Nothing states the outcome.
    [{ action: 'user.login' }, 'unknown'],
    [{ action: 'account_unlocked' }, 'unknown'],
    [{ action: 'failover' }, 'unknown'],
    [{ note: 'all failed' }, 'unknown'],
  ])('%j is a %s', async (members, outcome) => expect(await outcomeFor(members)).toBe(outcome))
})

describe('what products call a result', () => {
  it.each([
    [
      'creatio',
      { 'Event type': 'User authorization', 'Event result': 'Authorization denied', Owner: 'Jo' },
      'failure',
    ],
    [
      'creatio',
      { 'Event type': 'User authorization', 'Event result': 'Authorization', Owner: 'Jo' },
      'success',
    ],
    ['creatio', { 'Event type': 'User authorization', 'Event result': 'Отказано', Owner: 'Jo' }, 'failure'],
    ['creatio', { 'Event type': 'User authorization', Owner: 'Jo' }, 'unknown'],
    ['strapi', { action: 'admin.mfa.challenge.failed' }, 'failure'],
    ['strapi', { action: 'admin.mfa.challenge' }, 'unknown'],
    ['strapi', { action: 'entry.create' }, 'success'],
    ['erp', { action: 'Login', status: '⛔ Blocked' }, 'failure'],
    ['erp', { action: 'Login', status: 'Отказано' }, 'failure'],
    ['erp', { action: 'Login' }, 'unknown'],
    ['erp', { action: 'Login', event: 'Login Denied' }, 'failure'],
    ['connexcs', { action: 'LOGIN', message: 'User logged in' }, 'success'],
    ['connexcs', { action: 'LOGIN', message: 'Invalid password' }, 'failure'],
    ['connexcs', { action: 'LOGIN', message: 'by jo' }, 'unknown'],
    ['cef', { name: 'Invalid certificate', act: 'allow' }, 'success'],
    ['cef', { name: 'Invalid certificate', act: 'allow', outcome: 'denied' }, 'failure'],
    ['cef', { name: 'Login failed', act: 'login' }, 'failure'],
  ])('of %s: %j is a %s', async (name, members, outcome) => {
    const bench = await benchOf(name)
    expect(outcomeOf(bench.eventOf({ members, envelope: null }))).toBe(outcome)
  })
})
