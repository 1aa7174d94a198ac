import { describe, expect, it } from 'vitest'
import {
  type AuditEvent,
  FIELDS,
  type Field,
  type FieldName,
  fieldOf,
  RELATED_FROM,
} from '../../../schema/index.ts'
import { addressKey, addressText, type Query } from '../../query/index.ts'
import { sortedPage } from '../../store/index.ts'
import type { Store } from '../../store/port.ts'
import { AGENT, batchOf, idAt } from '../../store/testing/batches.ts'
import { opener, type TestPlaces } from '../../store/testing/places.ts'
import { isMaskable, Mask } from '../masks.ts'
import { type Events, seenWith } from '../visibility.ts'

/**
 * Two worlds that differ only in the values of a masked field, and in all their copies. If the field is masked for a reader, both give the
 * same answers to all questions. So no answer reveals the value, neither by its content nor by what it finds.
 */
type World = 0 | 1
const WORLDS: readonly World[] = [0, 1]

const TEXTS = ['quorralane@hidden.example', 'zebedeefox@secret.invalid'] as const
const VALUES: Readonly<Record<Field['type'], readonly [unknown, unknown]>> = {
  keyword: TEXTS,
  text: TEXTS,
  ip: ['203.0.113.77', '198.51.100.86'],
  date: ['2026-03-04T05:06:07.000Z', '2025-08-09T10:11:12.000Z'],
  long: [48731, 51997],
  float: [48731.25, 51997.75],
  boolean: [true, false],
  flattened: [{ member: TEXTS[0] }, { member: TEXTS[1] }],
  changes: [
    [{ field: 'limit', old: '48731', new: TEXTS[0] }],
    [{ field: 'limit', old: '51997', new: TEXTS[1] }],
  ],
  geo: [
    { lat: 48.731, lon: 2 },
    { lat: 51.997, lon: 2 },
  ],
}
/** The text of a value, as it appears in other texts and as a reader guesses it. */
const spelled = (field: string, world: World): string => {
  if (field === 'log.source.address') return `${VALUES.ip[world]}:${VALUES.long[world]}`
  const type = fieldOf(field)?.type ?? 'keyword'
  const given = type === 'flattened' || type === 'changes' ? TEXTS[world] : VALUES[type][world]
  return typeof given === 'object' ? JSON.stringify(given) : String(given)
}

/** The copies of a field's values, listed again here: so a copy that the schema's table forgets is found. */
const COPIES: readonly (readonly [of: FieldName, copies: readonly FieldName[]])[] = [
  ['source.ip', ['log.source.address', 'network.forwarded_ip', 'source.geo.city_name']],
  ['source.port', ['log.source.address']],
  ['network.forwarded_ip', ['source.ip']],
  ['log.syslog.hostname', ['host.name', 'related.hosts']],
  ['log.syslog.appname', ['process.name']],
  ['log.syslog.procid', ['process.pid']],
  ['user_agent.original', ['user_agent.name', 'user_agent.device.name']],
]
const TEXTS_OF_SOURCES: readonly FieldName[] = [
  'message',
  'event.reason',
  'url.original',
  'file.path',
  'process.command_line',
  'process.working_directory',
  'log.syslog.structured_data',
  'audit.payload',
  'audit.changes',
]

function copiesOf(field: string): FieldName[] {
  const related = (Object.keys(RELATED_FROM) as (keyof typeof RELATED_FROM)[]).filter((name) =>
    RELATED_FROM[name].some((from) => from === field),
  )
  const listed = COPIES.flatMap(([of, copies]) => (of === field ? copies : []))
  return [...new Set([...related, ...listed])]
}

const asText = (field: FieldName, text: string): unknown => {
  if (field === 'log.source.address') return text.includes('.') ? `${text}:514` : `192.0.2.1:${text}`
  if (field === 'network.forwarded_ip') return [text, '192.0.2.1']
  return field.startsWith('related.') ? [text, '192.0.2.9'] : text
}

/** The field that identifies an event among those of the other fields. */
const markerFor = (field: string): FieldName => (field === 'event.code' ? 'event.dataset' : 'event.code')

function eventFor(field: string, world: World, number: number): AuditEvent {
  const event: Record<string, unknown> = {}
  const put = (path: string, value: unknown): void => {
    const members = path.split('.')
    const last = members.pop() ?? ''
    let at = event
    for (const member of members) {
      at[member] ??= {}
      at = at[member] as Record<string, unknown>
    }
    at[last] ??= value
  }
  const text = spelled(field, world)
  const type = fieldOf(field)?.type ?? 'keyword'
  const value = field === 'log.source.address' ? text : VALUES[type][world]
  put(field, fieldOf(field)?.many === true ? [value] : value)
  put('@timestamp', `2026-01-02T03:04:05.${String(number).padStart(3, '0')}Z`)
  put('event.id', idAt(number * 10))
  put('event.kind', 'event')
  put('event.sequence', number * 10)
  put('agent.id', AGENT)
  put('audit.category', 'security')
  put(markerFor(field), `for-${number}`)
  for (const copy of copiesOf(field)) if (!copy.startsWith('source.geo')) put(copy, asText(copy, text))
  put('message', `met ${text}, there`)
  put('event.reason', `since ${text}`)
  put('url.original', `https://shop.example/?who=${text}`)
  put('file.path', `/home/${text}/notes`)
  put('process.command_line', `run --for ${text}`)
  put('process.working_directory', `/home/${text}`)
  put('log.syslog.structured_data', { sd: { who: text } })
  if (!field.startsWith('audit.payload'))
    put('audit.payload', {
      copy: text,
      list: [text, 'other'],
      deep: { sentence: `a ${text} b` },
      [text]: 'as a name',
    })
  put('audit.changes', [{ field: 'last', old: text, new: `no ${text}` }])
  put('event.original', `{"who":"${text}"}`)
  put('audit.request', `who=${text}`)
  put('audit.response', `<who>${text}</who>`)
  return event
}

/** Every kind of question on one field, for a value that is guessed. */
function questionsOn(field: string, guess: string): Query[] {
  const words = guess.split(/[^a-z0-9]+/i).filter(Boolean)
  const type = fieldOf(field)?.type
  const key = addressKey(guess)
  const middle = guess.slice(2, 6)
  const plain: Query[] = [
    { kind: 'exists', field },
    { kind: 'equals', field, value: guess },
    { kind: 'equals', field, value: words.slice(0, 2).join(' ') },
    { kind: 'equals', field, value: words.at(-1) ?? '' },
  ]
  const asTexts: Query[] = [
    { kind: 'wildcard', field, parts: [guess.slice(0, 3), ''] },
    { kind: 'wildcard', field, parts: ['', middle, ''] },
    { kind: 'wildcard', field, parts: ['', guess, ''] },
    { kind: 'range', field, gte: guess },
    { kind: 'range', field, lt: guess },
  ]
  const scalars: Query[] =
    type === 'ip' && key !== undefined
      ? [
          { kind: 'cidr', field, first: key, last: key },
          { kind: 'range', field, gte: addressText(key) },
        ]
      : [{ kind: 'range', field, gte: Number(guess) || 0 }]
  switch (type) {
    case 'ip':
      return key === undefined ? [{ kind: 'exists', field }] : [...plain.slice(0, 2), ...scalars]
    case 'long':
    case 'float':
      return Number.isNaN(Number(guess)) ? [{ kind: 'exists', field }] : [...plain.slice(0, 2), ...scalars]
    case 'date':
      return [
        { kind: 'exists', field },
        { kind: 'range', field, gte: Date.parse(guess) || 0 },
      ]
    case 'boolean':
      return plain.slice(0, 1)
    case 'changes':
      return [
        { kind: 'change', of: { kind: 'equals', member: 'old', value: guess } },
        { kind: 'change', of: { kind: 'wildcard', member: 'new', parts: ['', middle, ''] } },
        {
          kind: 'change',
          of: { kind: 'not', of: { kind: 'wildcard', member: 'new', parts: [guess.slice(0, 3), ''] } },
        },
      ]
    case 'geo':
      return []
    case 'text':
      return [...plain, ...asTexts.slice(0, 2)]
    default:
      return [...plain, ...asTexts]
  }
}

/** Returns all conditions, with either value as the guess, each also negated. */
function conditionsOn(asked: readonly string[], field: string): Query[] {
  const found = WORLDS.flatMap((guessed): Query[] => {
    const guess = spelled(field, guessed)
    const words = guess
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean)
    return [
      ...asked.flatMap((one) => questionsOn(one, guess)),
      { kind: 'words', words, prefix: false },
      { kind: 'words', words: words.slice(0, 1), prefix: true },
      { kind: 'equals', field: 'audit.words', value: guess },
      { kind: 'exists', field: `audit.payload.${guess}` },
    ]
  })
  const once = new Map(found.map((query) => [JSON.stringify(query), query]))
  return [...once.values()].flatMap((of): Query[] => [of, { kind: 'not', of }])
}

/** Returns the API's answers to one condition: searches, arrivals, counts, sorted pages. */
async function answersTo(events: Events, condition: Query, fields: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  const ask = async (what: string, question: () => Promise<unknown>): Promise<void> => {
    answers.push(
      await question().then(
        (answer) => `${what}: ${JSON.stringify(answer)}`,
        (thrown: Error) => `${what}: ${thrown.message}`,
      ),
    )
  }
  await ask('search', () => events.search({ query: condition, order: 'newest', limit: 5 }))
  await ask('count', () => events.aggregate({ query: condition, by: [], latest: true }))
  if (fields.length > 0)
    await ask('arrivals', () =>
      events.arrivals({ query: condition, after: null, limit: 5 }).then((page) => page.events),
    )
  for (const field of fields) {
    const values = { kind: 'values', field, top: 5 } as const
    await ask(`by ${field}`, () => events.aggregate({ query: condition, by: [values] }))
    await ask(`values of ${field}`, () =>
      events.aggregate({ query: condition, by: [{ ...values, prefix: spelled(field, 0).slice(0, 2) }] }),
    )
    await ask(`by hour and ${field}`, () =>
      events.aggregate({ query: condition, by: [{ kind: 'hour-of-day', zone: 'UTC' }, values] }),
    )
    await ask(`distinct ${field}`, () => events.aggregate({ query: condition, by: [], distinct: [field] }))
    await ask(`sum of ${field}`, () => events.aggregate({ query: condition, by: [], sums: [field] }))
    for (const order of ['ascending', 'descending'] as const)
      await ask(`sorted by ${field}`, () => sortedPage(events, { query: condition, field, order, limit: 5 }))
  }
  return answers
}

const TOWNS = ['Quorratown', 'Zebedeeville'] as const

async function stored(store: Store, fields: readonly string[], world: World): Promise<void> {
  const place = { source: { geo: { city_name: TOWNS[world] } } }
  const outcome = await store.write(
    batchOf(
      1,
      fields.map((field, i) => eventFor(field, world, i)),
      { additions: fields.map((field) => (field === 'source.ip' ? place : null)) },
    ),
  )
  expect(outcome).toMatchObject({ result: { stored: fields.length, reasons: [] } })
}

/** Fields of which an agent knows only a few values, or one. */
const FEW_VALUES: ReadonlySet<string> = new Set(['audit.category', 'audit.seal.received'])

/** Fields that an event can have from an agent, with any value, and that can be masked. */
export const MASKABLE: readonly string[] = Object.entries<Field>(FIELDS)
  .filter(([name, field]) => isMaskable(name) && field.derived !== true && !FEW_VALUES.has(name))
  .map(([name]) => name)

/** One field of each kind of values, for stores where each question takes long. */
export const SOME: readonly string[] = ['source.ip', 'user.email', 'audit.changes']

const GROUPS: Readonly<Record<string, string>> = {
  'source.ip': 'source.*',
  'user.email': 'user',
  'user.target.name': 'related.*',
  'log.source.address': 'log.*',
}

/** Checks that no question of the API distinguishes two values of these fields while they are masked. */
export function keepsMasks(ground: TestPlaces, fields: readonly string[]): void {
  const open = opener(ground)
  describe('two values of a masked field are told apart by nothing', () => {
    it('that can be asked of the field, of a copy, or of a text that may hold it', async () => {
      const stores: Store[] = []
      for (const world of WORLDS) {
        const store = await open()
        await stored(store, fields, world)
        stores.push(store)
      }
      await ground.settled()
      const told: string[] = []
      const readerOf = (named: string, world: World) =>
        seenWith({ only: null, mask: new Mask([named]) }, stores[world]!)
      for (const [number, field] of fields.entries()) {
        const own: Query = { kind: 'equals', field: markerFor(field), value: `for-${number}` }
        const copies = copiesOf(field)
        const asked = [
          ...new Set([field, ...copies, ...TEXTS_OF_SOURCES, 'audit.change.after', 'audit.payload.copy']),
        ]
        const conditions = conditionsOn(asked, field)
        const type = fieldOf(field)?.type
        for (const named of [field, ...(GROUPS[field] === undefined ? [] : [GROUPS[field]])]) {
          const shown: string[][] = [[], []]
          for (const world of WORLDS) {
            const reader = readerOf(named, world)
            shown[world]?.push(...(await answersTo(reader, own, asked)))
            shown[world]?.push(JSON.stringify(await reader.get(idAt(number * 10))))
            // The conditions are sent at once: the next are on their way while one is answered.
            const answers = await Promise.all(
              conditions.map(async (condition) => {
                const both = await answersTo(reader, { kind: 'and', of: [own, condition] }, [])
                return `${JSON.stringify(condition)} ${both.join(' ')}`
              }),
            )
            shown[world]?.push(...answers)
          }
          for (const [i, answer] of (shown[0] ?? []).entries())
            if (answer !== shown[1]?.[i]) told.push(`${named} masked: ${answer.slice(0, 150)}`)
          const seen = shown[0]?.slice(0, -conditions.length).join() ?? ''
          if (type !== 'boolean' && seen.includes(spelled(field, 0))) told.push(`${named} masked, and shown`)
        }
      }
      expect(told).toEqual([])
    }, 600_000)

    it('and who sees the field can tell them apart by each of these', async () => {
      const stores: Store[] = []
      for (const world of WORLDS) {
        const store = await open()
        await stored(store, ['source.ip'], world)
        stores.push(store)
      }
      await ground.settled()
      const guess = spelled('source.ip', 0)
      const asked = ['source.ip', ...copiesOf('source.ip'), ...TEXTS_OF_SOURCES, 'audit.payload.copy']
      for (const field of asked) {
        const differs: boolean[] = []
        for (const query of questionsOn(field, field === 'source.geo.city_name' ? TOWNS[0] : guess)) {
          const [one, other] = await Promise.all(stores.map((store) => store.aggregate({ query, by: [] })))
          differs.push(one?.count !== other?.count)
        }
        expect([field, differs.some(Boolean)]).toEqual([field, true])
      }
    })
  })
}
