/**
 * Proposes an integration for an unknown source: from the bytes of a sample it makes the text of an integration.yml with a reason for each
 * line. It guesses from names, in several languages, and from the form of values. It has no side effects except reading existing
 * integrations.
 */
import { statedByResult } from '../../schema/index.ts'
import { behindByteOrderMark, forEachRecord } from '../inputs/index.ts'
import {
  formatOf,
  framingFor,
  type Integration,
  integrationFrom,
  isFieldName,
  loadIntegration,
  type Members,
  sideOf,
} from '../normalise/index.ts'
import { type Form, formOf } from './form.ts'
import { type Guess, guessesOf, Vocabulary } from './guess.ts'
import { type Profile, profilesOf } from './profile.ts'
import { type Extracted, type Findings, integrationText, sameName, slugOf } from './write.ts'

export interface Proposal {
  readonly name: string
  /** The text of an integration.yml. */
  readonly text: string
  /** The same, as the loader reads it. */
  readonly integration: Integration
  readonly found: readonly { readonly field: string; readonly from: string; readonly why: string }[]
  readonly form: string
  readonly records: number
}

export { formOf } from './form.ts'
export { profilesOf } from './profile.ts'
export { slugOf } from './write.ts'

/** The names of the members that a split address yields. */
const CLIENT = 'client_address'
const PORT = 'client_port'
const FOUR = '(?:\\d{1,3}\\.){3}\\d{1,3}'
/** The fields for the pattern groups whose names generic-json knows. */
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

/**
 * Names the columns of rows without a header line. Only the values help: when, from where, who (before that), and texts that are in
 * capitals or repeat.
 */
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
      why: 'No member is an action, so the beginning of the message is used.',
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
  const isUsed = (path: string): boolean =>
    used.includes(path) || (changes !== null && changes.list !== null && path.startsWith(`${changes.list}[`))
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
            why: 'it follows the address',
          },
        ]
      : kept,
    outcomes,
    changes,
    identity: identityOf(form, of('audit.source_event_id')?.profile),
    types: actions === undefined ? [] : typesOf(name, actions),
    action,
    secrets,
    left: profiles.map(({ path }) => path).filter((path) => !isUsed(path) && !secrets.includes(path)),
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
        why: 'The address has a port.',
      }
    : {
        from,
        patterns: [`(?<${CLIENT}>[\\da-fA-F:.]+)(?:, ?.*)?`],
        why: 'Proxies append addresses; the first is the client’s.',
      }
}

/** Finds values in lines without members: the texts after usual words. */
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
      why: 'The name after user, by or for.',
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
  const success = values.filter((value) => (isCode ? value === '0' : statedByResult(value) === 'success'))
  const failure = values.filter(
    (value) =>
      !success.includes(value) && (isCode ? /^\d+$/.test(value) : statedByResult(value) === 'failure'),
  )
  return {
    success,
    failure,
    left: values.filter((value) => !success.includes(value) && !failure.includes(value)).slice(0, 10),
  }
}

/** Members that are one side of a change only beside the other. */
const DIRECTIONS = [
  ['from', 'to'],
  ['was', 'now'],
] as const
const STATES = ['prior_state', 'resulting_state'] as const

/** Finds the member before, the member after, and the one that names the field; for a list of changes also the list. */
function changesOf(profiles: readonly Profile[]): Findings['changes'] {
  // States are objects, whose members have their own profiles.
  const paths = [
    ...new Set(
      profiles.flatMap(({ path }) => path.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))),
    ),
  ]
  const named = (name: string): string | undefined => paths.find((path) => sameName(lastOf(path), name))
  const isPlain = (name: string): boolean => !DIRECTIONS.flat().some((one) => sameName(one, name))
  const sided = (side: 'before' | 'after'): string | undefined =>
    paths.find((path) => isPlain(lastOf(path)) && sideOf(lastOf(path)) === side)
  const pairs: readonly (readonly [string | undefined, string | undefined])[] = [
    [sided('before'), sided('after')],
    ...[...DIRECTIONS, STATES].map(([old, now]) => [named(old), named(now)] as const),
  ]
  const [before, after] = pairs.find((pair) => pair.every((path) => path !== undefined)) ?? []
  if (before === undefined || after === undefined) return null
  const inList = /^([^[]+)\[[^\]]*\]\./.exec(before)
  const list =
    inList !== null && after.startsWith(inList[0].slice(0, inList[1]!.length + 1)) ? inList[1]! : null
  if (list !== null) {
    const chosen = /\[([^\]=]+)=/.exec(before)?.[1]
    const field =
      chosen ??
      paths
        .filter((path) => path.startsWith(`${list}[`))
        .map(lastOf)
        .find(isField) ??
      null
    return { list, before: lastOf(before), after: lastOf(after), field }
  }
  return { list: null, before, after, field: paths.find((path) => isField(lastOf(path))) ?? null }
}

const lastOf = (path: string): string => path.split('.').at(-1)!
const isField = (name: string): boolean => isFieldName(name) || sameName(name, 'change')

/** Only a file that is written again as a whole needs an identity: a log is appended to. */
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
  // An action without letters of the alphabet gets its number.
  const types = actions.map((text, i) => ({
    id: `${name}.${slugOf(text) || `action_${i + 1}`}`,
    title: titleOf(text),
    text,
  }))
  return types.filter(({ id }, i) => types.findIndex((other) => other.id === id) === i)
}

/** The source's text, split into words. */
function titleOf(text: string): string {
  const words = text
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/[_.:/-]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const isCode = /[_.]/.test(text) || !/\s/.test(text)
  const small = isCode ? words.toLowerCase() : words
  return `${small.charAt(0).toUpperCase()}${small.slice(1)}` || text
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
