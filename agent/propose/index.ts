/**
 * Proposes an integration for a source that nobody knows: the bytes of a sample go in, the text of an integration.yml with a reason for each of its
 * lines comes out. Guesses are made from names, in several languages, and from the shape of values. Pure but for reading the integrations that are there.
 */
import { behindByteOrderMark, forEachRecord } from '../inputs/index.ts'
import {
  formatOf,
  framingFor,
  type Integration,
  integrationFrom,
  loadIntegration,
  type Members,
} from '../normalise/index.ts'
import { type Form, formOf } from './form.ts'
import { type Guess, guessesOf, Vocabulary } from './guess.ts'
import { type Profile, profilesOf } from './profile.ts'
import { type Extracted, type Findings, integrationText, sameName, slugOf } from './write.ts'

export interface Proposal {
  readonly name: string
  /** Of an integration.yml. */
  readonly text: string
  /** As the loader reads it. */
  readonly integration: Integration
  readonly found: readonly { readonly field: string; readonly from: string; readonly why: string }[]
  readonly form: string
  readonly records: number
}

export { slugOf } from './write.ts'

/** What a member is called that was taken apart. */
const CLIENT = 'client_address'
const PORT = 'client_port'
const FOUR = '(?:\\d{1,3}\\.){3}\\d{1,3}'
/** What the groups of patterns become, of those that generic-json knows by their names. */
const OF_GROUP = { action: 'event.action', user: 'user.name', client_ip: 'source.ip' } as const
const MOST_TYPES = 60

export async function propose(
  file: string,
  bytes: Buffer,
  { name, now }: { readonly name: string; readonly now: number },
): Promise<Proposal> {
  const form = formOf(file, bytes)
  const vocabulary = new Vocabulary(await loadIntegration('generic-json'))
  const columns = form.headless === null ? [] : columnsOf(form.headless.columns)
  let records = recordsOf(form, columns, bytes)
  let profiles = profilesOf(records, now)
  let named = columns
  if (form.headless !== null) {
    named = namedColumns(profiles, columns)
    records = recordsOf(form, named, bytes)
    profiles = profilesOf(records, now)
  }
  const findings = findingsOf({ name, form, columns: named, profiles, vocabulary })
  const text = integrationText(findings)
  return {
    name,
    text,
    integration: integrationFrom(`${name}/integration.yml`, text),
    found: [
      ...findings.guesses.map(({ to, profile, why }) => ({ field: to as string, from: profile.path, why })),
      ...findings.extractions.flatMap(({ from, patterns, why }) =>
        Object.entries(OF_GROUP).flatMap(([group, field]) =>
          patterns.some((pattern) => pattern.includes(`(?<${group}>`)) ? [{ field, from, why }] : [],
        ),
      ),
    ],
    form: form.why,
    records: records.length,
  }
}

const columnsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `column_${i + 1}`)

/** The records of a sample, as the format of the integration reads them. */
function recordsOf(form: Form, columns: readonly string[], bytes: Buffer): Members[] {
  const head = [
    'name: sample',
    'title: Sample',
    `format: ${form.format}`,
    ...(form.records.length > 0 ? [`records: ${JSON.stringify(form.records)}`] : []),
    ...(columns.length > 0
      ? [
          `csv: { delimiter: ${JSON.stringify(form.headless?.delimiter)}, columns: ${JSON.stringify(columns)} }`,
        ]
      : []),
  ]
  const integration = integrationFrom('sample.yml', `${head.join('\n')}\n`)
  const format = formatOf(integration, { quote: '"', keepsEmpty: () => false })
  format.begin(null)
  const records: Members[] = []
  forEachRecord(framingFor(integration), bytes, 0, bytes.length, (start, end) => {
    const from = start === 0 ? behindByteOrderMark(bytes, start, end) : start
    const text = bytes.toString('utf8', from, end)
    if (text.trim() === '') return
    const read = format.read(form.envelope ? bodyOf(text) : text)
    if (read !== null && read.problem === undefined) records.push(read.members)
  })
  return records
}

const bodyOf = (text: string): string =>
  text.replace(
    /^(?:<\d{1,3}>)?(?:1 \S+ \S+ \S+ \S+ \S+ (?:-|\[[^\]]*\]) ?|[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ [^:]{1,80}: )/,
    '',
  )

/** Of rows without a header line only the values tell: when, from where, who stands before that, and what is in capitals or comes again. */
function namedColumns(profiles: readonly Profile[], columns: readonly string[]): string[] {
  const at = (test: (profile: Profile) => boolean): number => {
    const found = profiles.find(test)
    return found === undefined ? -1 : columns.indexOf(found.path)
  }
  const time = at((profile) => profile.time !== null && profile.values.some((value) => /\D/.test(value)))
  const address = at((profile) => profile.address.share >= 0.8)
  const texts = profiles
    .filter((profile) => profile.values.some((value) => /\p{L}/u.test(value)) && profile.time === null)
    .map(({ path }) => columns.indexOf(path))
    .filter((column) => column !== address && column !== time)
  const user = texts.includes(address - 1) ? address - 1 : (texts[0] ?? -1)
  const action = texts
    .filter((column) => column > user && column !== user)
    .map((column) => ({ column, profile: profiles.find(({ path }) => path === columns[column])! }))
    .filter(({ profile }) => profile.values.every((value) => /^[\p{L}_ -]{2,40}$/u.test(value)))
    .sort((a, b) => b.profile.share - a.profile.share || capitals(b.profile) - capitals(a.profile))[0]?.column
  return columns.map((column, i) =>
    i === time
      ? 'time'
      : i === address
        ? 'client_ip'
        : i === user
          ? 'user'
          : i === action
            ? 'action'
            : column,
  )
}

const capitals = ({ values }: Profile): number =>
  values.filter((value) => value === value.toUpperCase()).length

const SUCCESS =
  /^(?:success\w*|succeeded|ok|okay|true|yes|passed|allow\w*|granted|accepted|completed|done|erfolg\w*|succ\u00e8s|\u00e9xito|successo|sucesso|sukces|gelukt|\u0443\u0441\u043f\u0435\u0445|\u0443\u0441\u043f\u0456\u0445|\u0443\u0441\u043f\u0435\u0448\u043d\u043e|\u0443\u0441\u043f\u0456\u0448\u043d\u043e|2\d\d)$/i
const FAILURE =
  /(?:fail|error|denied|deny|refus|reject|forbid|invalid|expired|locked|blocked|unauthori|^false$|^no$|fehl|verweigert|\u00e9chec|refus\u00e9|error|denegado|fallid|negato|errore|falha|negado|b\u0142\u0105d|odmow|mislukt|geweigerd|\u043e\u0448\u0438\u0431\u043a|\u043e\u0442\u043a\u0430\u0437|\u043f\u043e\u043c\u0438\u043b\u043a|\u0432\u0456\u0434\u043c\u043e\u0432|^[45]\d\d$)/i

function findingsOf(parts: {
  name: string
  form: Form
  columns: readonly string[]
  profiles: readonly Profile[]
  vocabulary: Vocabulary
}): Findings {
  const { name, form, profiles, vocabulary } = parts
  const guesses = guessesOf(profiles, vocabulary)
  const extractions: Extracted[] = []
  const of = (to: Guess['to']): Guess | undefined => guesses.find((guess) => guess.to === to)
  const address = of('source.ip')
  const written = address?.profile.address.written ?? 'alone'
  if (address !== undefined && written !== 'alone')
    extractions.push(takenApart(address.profile.path, written))
  if (form.format === 'plain') extractions.push(...inLines(profiles))
  let action = of('event.action')?.profile.path ?? null
  const message = of('message')
  if (action === null && message !== undefined && startsLike(message.profile)) {
    extractions.push({
      from: message.profile.path,
      patterns: ['(?<action>[^:"(]{3,60}?) *[:"(].*', '(?<action>[^:"(]{3,60})'],
      why: 'No member is an action: it is what the message begins with.',
    })
    action = 'action'
  }
  const outcome = of('event.outcome')
  const outcomes = outcomesOf(outcome)
  const isKnown = outcomes.success.length + outcomes.failure.length > 0
  const kept = guesses.flatMap((guess): Guess[] => {
    if (guess === outcome && !isKnown) return []
    if (guess !== address || written === 'alone') return [guess]
    return [{ ...guess, profile: { ...guess.profile, path: CLIENT } }]
  })
  const port = written === 'port' && address !== undefined
  const changes = changesOf(profiles)
  const used = [
    ...guesses.map(({ profile }) => profile.path),
    changes?.before,
    changes?.after,
    changes?.field,
  ]
  const secrets = secretsOf(profiles, guesses)
  const actions = of('event.action')?.profile
  return {
    name,
    title: `${name.replaceAll(/[_-]/g, ' ').replace(/^./, (letter) => letter.toUpperCase())} audit log`,
    form,
    columns: parts.columns,
    extractions,
    guesses: port
      ? [
          ...kept,
          {
            to: 'source.port',
            profile: { ...address.profile, path: PORT, time: null },
            why: 'it stands behind the address',
          },
        ]
      : kept,
    outcomes,
    changes,
    identity: identityOf(form, of('audit.source_event_id')?.profile),
    types: actions === undefined ? [] : typesOf(name, actions),
    action,
    secrets,
    left: profiles.map(({ path }) => path).filter((path) => !used.includes(path) && !secrets.includes(path)),
  }
}

function takenApart(from: string, written: 'port' | 'list'): Extracted {
  return written === 'port'
    ? {
        from,
        patterns: [
          `(?<${CLIENT}>${FOUR}):(?<${PORT}>\\d{1,5})`,
          `\\[(?<${CLIENT}>[\\da-fA-F:.]+)\\]:(?<${PORT}>\\d{1,5})`,
          `(?<${CLIENT}>[\\da-fA-F:.]+)`,
        ],
        why: 'The address stands before a port.',
      }
    : {
        from,
        patterns: [`(?<${CLIENT}>[\\da-fA-F:.]+)(?:, ?.*)?`],
        why: 'Proxies add addresses: the first is that of the client.',
      }
}

/** Lines without members: what stands behind usual words. */
function inLines(profiles: readonly Profile[]): Extracted[] {
  const lines = profiles.find(({ path }) => path === 'line')?.values ?? []
  const candidates = [
    {
      pattern: `.*?\\b(?<client_ip>${FOUR})\\b.*`,
      test: new RegExp(FOUR),
      why: 'The first address of a line.',
    },
    {
      pattern: '.*?\\b(?:user|by|for|User|By)[ =:"]{1,3}(?<user>[\\w.@-]{1,64}).*',
      test: /\b(?:user|by|for)[ =:"]{1,3}[\w.@-]+/i,
      why: 'Who stands behind user, by or for.',
    },
  ]
  return candidates
    .filter(({ test }) => lines.filter((line) => test.test(line)).length > lines.length / 2)
    .map(({ pattern, why }) => ({ from: 'line', patterns: [pattern], why }))
}

const startsLike = ({ values }: Profile): boolean =>
  values.filter((value) => /^[^:"(]{3,60}/.test(value)).length > values.length / 2

function outcomesOf(guess: Guess | undefined): Findings['outcomes'] {
  const values = [...new Set(guess?.profile.values ?? [])]
  const isCode = /ret|code|errno/i.test(guess?.profile.path ?? '') && values.includes('0')
  const success = values.filter((value) => (isCode ? value === '0' : SUCCESS.test(value)))
  const failure = values.filter(
    (value) => !success.includes(value) && (isCode ? /^\d+$/.test(value) : FAILURE.test(value)),
  )
  return {
    success,
    failure,
    left: values.filter((value) => !success.includes(value) && !failure.includes(value)).slice(0, 10),
  }
}

const PAIRS: readonly (readonly [string, string])[] = [
  ['old_value', 'new_value'],
  ['old', 'new'],
  ['before', 'after'],
  ['previous', 'current'],
  ['previous_value', 'new_value'],
  ['from', 'to'],
  ['old_values', 'new_values'],
  ['prior_state', 'resulting_state'],
  ['oldvalue', 'newvalue'],
  ['before_value', 'after_value'],
]
const FIELD_NAMES = ['field', 'field_name', 'attribute', 'property', 'column', 'change']

function changesOf(profiles: readonly Profile[]): Findings['changes'] {
  // States are objects, whose members are profiles of their own.
  const paths = [
    ...new Set(
      profiles.flatMap(({ path }) => path.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))),
    ),
  ]
  const find = (name: string): string | undefined =>
    paths.find((path) => sameName(path.split('.').at(-1)!, name))
  for (const [old, now] of PAIRS) {
    const before = find(old)
    const after = find(now)
    if (before === undefined || after === undefined) continue
    const field = FIELD_NAMES.map(find).find((path) => path !== undefined) ?? null
    return { before, after, field }
  }
  return null
}

/** Only what is written again as a whole needs an identity: a log is appended to. */
const identityOf = ({ format, records, headless }: Form, id: Profile | undefined): string | null =>
  id !== undefined &&
  id.share === 1 &&
  id.values.length > 1 &&
  (records.length > 0 || (format === 'csv' && headless === null))
    ? id.path
    : null

function typesOf(name: string, { values }: Profile): Findings['types'] {
  const actions = [...new Set(values)]
  if (actions.length > MOST_TYPES || actions.length > Math.max(8, values.length * 0.8)) return []
  const types = actions.flatMap((text) => {
    const slug = slugOf(text)
    return slug === '' ? [] : [{ id: `${name}.${slug}`, title: titleOf(text), text }]
  })
  return types.filter(({ id }, i) => types.findIndex((other) => other.id === id) === i)
}

function titleOf(text: string): string {
  const words = slugOf(text).replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

const NO_SECRETS = /id$|uuid|guid|hash|digest|checksum|etag|agent|url|uri|path|version|accessor/i

const secretsOf = (profiles: readonly Profile[], guesses: readonly Guess[]): string[] =>
  profiles
    .filter(
      ({ path, random, time, emails }) =>
        random > 0.8 &&
        time === null &&
        emails === 0 &&
        !NO_SECRETS.test(path) &&
        !guesses.some(({ profile }) => profile.path === path),
    )
    .filter(({ values }) => values.some((value) => !/^[\da-f]{8}-[\da-f]{4}-/i.test(value)))
    .map(({ path }) => path.split('.').at(-1)!)
