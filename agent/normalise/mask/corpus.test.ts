import { expect, it } from 'vitest'
import type { FormatName } from '../integration/integration.ts'
import { loadIntegration } from '../integration/load.ts'
import { type Format, formatOf } from '../read/formats/index.ts'
import { changedSecrets, harmlessChanges, harmlessTexts, secretTexts } from './corpus/index.ts'
import { Desk } from './desk.ts'
import { Masker } from './index.ts'
import { SecretNames } from './names.ts'

const generic = await loadIntegration('generic-json')
const masker = new Masker(generic.mask, generic.changes)
const desk = new Desk(masker.suspicion)
const names = new SecretNames(generic.mask, generic.changes)

function formatNamed(name: FormatName, columns: readonly string[] = []): Format {
  const csv = { ...generic.csv, columns: [...columns] }
  const format = formatOf({ ...generic, formats: [name], csv }, { quote: '"', keepsEmpty: () => false })
  format.begin(null)
  return format
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const inKv = (text: string): string => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
const inCef = (text: string): string => text.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n')
const inHex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()

/** The form of a text in a record of each format. */
const FORMATS: readonly [name: string, format: Format, written: (text: string) => string][] = [
  ['plain', formatNamed('plain'), (text) => text],
  ['json', formatNamed('json'), (text) => JSON.stringify({ user: 'bob', note: text, n: 1 })],
  ['json in json', formatNamed('json'), (text) => JSON.stringify({ body: JSON.stringify({ note: text }) })],
  ['broken json', formatNamed('json'), (text) => `{"user":"bob","note":${text}`],
  ['csv', formatNamed('csv', ['user', 'note', 'n']), (text) => `bob,${quoted(text)},1`],
  ['kv', formatNamed('kv'), (text) => `user=bob note="${inKv(text)}" n=1`],
  ['cef', formatNamed('cef'), (text) => `CEF:0|Acme|Shop|1|100|change|5|suser=bob msg=${inCef(text)} act=x`],
  ['syslog', formatNamed('plain'), (text) => `<34>1 2026-01-22T10:00:00Z web-1 app 7 - - ${text}`],
  [
    'auditd',
    formatNamed('auditd'),
    (text) =>
      `type=USER_CMD msg=audit(1769076000.123:7): pid=7 uid=0 msg='cwd="/" cmd=${inHex(text)} res=success'`,
  ],
]

it('no secret of the corpus survives, in any format', () => {
  const survived: string[] = []
  const texts = secretTexts(7)
  for (const { text, secrets } of texts) {
    for (const [name, format, written] of FORMATS) {
      const masked = masker.mask(written(text), format).text
      for (const secret of secrets) {
        if (masked.includes(secret) || masked.includes(inHex(secret))) survived.push(`${name}: ${text}`)
      }
    }
  }
  const count = texts.reduce((sum, { secrets }) => sum + secrets.length, 0)
  console.log(
    `${count} secrets in ${texts.length} texts, in ${FORMATS.length} formats: ${survived.length} survive.`,
  )
  expect(survived).toEqual([])
  expect(texts.length).toBeGreaterThanOrEqual(300)
})

it('no harmless text of the corpus is changed, in any format', () => {
  const changed: string[] = []
  const texts = harmlessTexts()
  for (const text of texts) {
    for (const [name, format, written] of FORMATS) {
      const record = written(text)
      const masked = masker.mask(record, format).text
      if (masked !== record) changed.push(`${name}: ${masked}`)
    }
  }
  console.log(`${texts.length} harmless texts, in ${FORMATS.length} formats: ${changed.length} are changed.`)
  expect(changed).toEqual([])
  expect(texts.length).toBeGreaterThanOrEqual(300)
})

/** The form of a record of members in each format, also with its values in a separate member. */
const RECORDS: readonly [
  name: string,
  format: (names: string[]) => Format,
  written: (json: string) => string,
][] = [
  ['json', () => formatNamed('json'), (json) => json],
  ['json in json', () => formatNamed('json'), (json) => JSON.stringify({ payload: json })],
  [
    'values in an object',
    () => formatNamed('json'),
    (json) => withValues(json, (values) => ({ details: values })),
  ],
  [
    'values in a list',
    () => formatNamed('json'),
    (json) => withValues(json, (values) => ({ changes: [values] })),
  ],
  [
    'values in a text',
    () => formatNamed('json'),
    (json) => withValues(json, (values) => ({ data: JSON.stringify(values) })),
  ],
  ['broken json', () => formatNamed('json'), (json) => json.slice(0, -1)],
  [
    'csv',
    (names) => formatNamed('csv', names),
    (json) =>
      pairsOf(json)
        .map(([, value]) => quoted(value))
        .join(','),
  ],
  ['kv', () => formatNamed('kv'), inPairs],
  ['plain', () => formatNamed('plain'), inPairs],
]
const pairsOf = (json: string): [string, string][] => Object.entries(JSON.parse(json))

function inPairs(json: string): string {
  return pairsOf(json)
    .map(([name, value]) => `${name.replaceAll(' ', '_')}="${inKv(value)}"`)
    .join(' ')
}

function withValues(json: string, within: (values: Record<string, string>) => object): string {
  const isValue = ([name]: [string, string]): boolean =>
    names.loneness(name) !== null || names.isFieldName(name, false)
  const pairs = pairsOf(json)
  const others = Object.fromEntries(pairs.filter((pair) => !isValue(pair)))
  return JSON.stringify({ ...others, ...within(Object.fromEntries(pairs.filter(isValue))) })
}

it('no secret survives beside what says that it was changed, though no field is named', () => {
  const survived: string[] = []
  const records = changedSecrets(7)
  for (const { text, secrets } of records) {
    for (const [name, format, written] of RECORDS) {
      const masked = masker.mask(written(text), format(pairsOf(text).map(([column]) => column))).text
      if (secrets.some((secret) => masked.includes(secret))) survived.push(`${name}: ${masked}`)
    }
  }
  const count = records.reduce((sum, { secrets }) => sum + secrets.length, 0)
  console.log(
    `${count} secrets in ${records.length} records of changes, in ${RECORDS.length} forms: ${survived.length} survive.`,
  )
  expect(survived).toEqual([])
})

it('the values of other changes are kept: numbers, durations, times, and what is changed about a secret', () => {
  const changed: string[] = []
  const records = harmlessChanges()
  for (const text of records) {
    for (const [name, format, written] of RECORDS) {
      const record = written(text)
      const masked = masker.mask(record, format(pairsOf(text).map(([column]) => column))).text
      if (masked !== record) changed.push(`${name}: ${masked}`)
    }
  }
  console.log(
    `${records.length} harmless records of changes, in ${RECORDS.length} forms: ${changed.length} are changed.`,
  )
  expect(changed).toEqual([])
})

it('the members of a command are looked at together', () => {
  const auditd = formatNamed('auditd')
  const line = (args: string): string => `type=EXECVE msg=audit(1769076000.123:7): argc=4 ${args}`
  const mask = (args: string): string => masker.mask(line(args), auditd).text
  expect(mask('a0="mysql" a1="-uroot" a2="-pGeheim7" a3="shop"')).not.toContain('Geheim7')
  expect(mask('a0="curl" a1="-u" a2="bob:Geheim7" a3="https://x"')).not.toContain('Geheim7')
  expect(mask(`a0="mysql" a1=${inHex('-pGe heim7')}`)).not.toContain(inHex('Ge heim7'))
  const title = (text: string): string =>
    `type=PROCTITLE msg=audit(1769076000.123:7): proctitle=${inHex(text)}`
  expect(masker.mask(title('mysql\0-uroot\0-pGeheim7'), auditd).text).not.toContain(inHex('Geheim7'))
  const args = (...items: string[]): string =>
    masker.mask(JSON.stringify({ args: items }), formatNamed('json')).text
  expect(args('mysql', '-pGeheim7', 'shop')).toBe('{"args":["mysql","-p[masked:password]","shop"]}')
  expect(args('x', '--password', 'Geheim7')).not.toContain('Geheim7')
  expect(args('Authorization', 'Basic x', 'Cookie', 'a=Geheim7')).not.toContain('Geheim7')
})

it('the members that an integration names for changes hide the values of a secret field', async () => {
  const own = new Masker(generic.mask, {
    ...generic.changes,
    item: { field: ['was_touched'], old: ['vorgestern'], new: ['heute'] },
  })
  const text = JSON.stringify({
    list: [{ was_touched: 'SmtpPassword', vorgestern: 'Geheim7', heute: 'Geheim8' }],
  })
  expect(own.mask(text, formatNamed('json')).text).not.toMatch(/Geheim/)
  const harmless = JSON.stringify({
    list: [{ was_touched: 'SmtpPort', vorgestern: 'Geheim7', heute: 'Geheim8' }],
  })
  expect(own.mask(harmless, formatNamed('json')).text).toBe(harmless)
})

it('private keys are masked whole, with escaped line ends, and cut at either end', () => {
  const lines = (n: number): string =>
    Array.from({ length: n }, (_, i) => `${'Ab3/x+Qz'.repeat(7)}line${i}xyz`).join('\n')
  const pem = `-----BEGIN RSA PRIVATE ${'KEY'}-----\n${lines(6)}\n-----END RSA PRIVATE ${'KEY'}-----`
  for (const text of [
    pem,
    pem.replaceAll('\n', '\\n'),
    pem.slice(0, 300),
    pem.slice(60),
    pem.slice(60).replaceAll('\n', '\\n'),
  ])
    for (const [, format, written] of FORMATS) {
      const masked = masker.mask(written(text), format).text
      expect(masked).not.toMatch(/Ab3\/x/)
      expect(masked).not.toContain(inHex('Ab3/x'))
    }
})

it('what stays is still told: whose key it was', () => {
  const key = `AKIA${'B7'.repeat(8)}`
  const json = formatNamed('json')
  expect(masker.mask(`{"accessKeyId":"${key}"}`, json).text).toContain(key)
  expect(masker.mask(`{"note":"${key}"}`, json).text).not.toContain(key)
})

it('common sign-ins raise no suspicion', () => {
  for (const text of [
    'Failed password for bob from 192.0.2.7 port 51122 ssh2',
    'check pass; user unknown',
    'https://x.example/a?b=c',
  ])
    expect(desk.mayHold(text)).toBe(false)
})
