import { folded } from '../../schema/index.ts'
import type { Form } from './form.ts'
import type { Guess } from './guess.ts'

/** The input for writing an integration. */
export interface Findings {
  readonly name: string
  readonly title: string
  readonly form: Form
  /** Names of the columns of rows without a header line. */
  readonly columns: readonly string[]
  readonly extractions: readonly Extracted[]
  readonly guesses: readonly Guess[]
  /** The texts of each outcome. */
  readonly outcomes: {
    readonly success: readonly string[]
    readonly failure: readonly string[]
    readonly left: readonly string[]
  }
  readonly changes: {
    /** The list of objects that contain the other three members; null if these are members of the record. */
    readonly list: string | null
    readonly before: string
    readonly after: string
    readonly field: string | null
  } | null
  /** A member that identifies each record permanently; null if there is none, and for a log. */
  readonly identity: string | null
  readonly types: readonly { readonly id: string; readonly title: string; readonly text: string }[]
  /** The member with the action. */
  readonly action: string | null
  /** Members that look like secrets, although their names do not. */
  readonly secrets: readonly string[]
  /** Members that were not used. */
  readonly left: readonly string[]
}

/** A split member, and its parts. */
export interface Extracted {
  readonly from: string
  readonly patterns: readonly string[]
  readonly why: string
}

/** The text of an integration.yml, with a reason beside each line. */
export function integrationText(found: Findings): string {
  const { form } = found
  const lines = [
    `# Proposed from a sample by \`waybill-agent propose\`. Read it, and try it: waybill-agent test ./integration.yml FILE`,
    `name: ${found.name}`,
    `title: ${quoted(found.title)}`,
    `format: ${form.format} # ${form.why}`,
    ...(form.envelope ? ['envelope: syslog'] : []),
    ...(form.records.length > 0 ? [`records: [${form.records.map(quoted).join(', ')}]`] : []),
    '# The usual names, and what follows from the words of an action, are taken over from generic-json.',
    'like: generic-json',
    ...(found.columns.length === 0
      ? []
      : [
          `csv: { delimiter: ${quoted(form.headless?.delimiter ?? ',')}, columns: [${found.columns.map(quoted).join(', ')}] }`,
          '# The file has no header line: the names of the columns are guessed from their values.',
        ]),
    ...(found.identity === null
      ? []
      : [
          '# An export repeats records: this member identifies a record permanently.',
          `identity: [${quoted(found.identity)}]`,
        ]),
    ...extractLines(found),
    ...fieldLines(found),
    ...changeLines(found),
    ...typeLines(found),
    ...maskLines(found),
    ...(found.left.length === 0
      ? []
      : [
          '',
          `# Left to the names that generic-json knows, or kept in audit.payload: ${found.left.join(', ').replace(/[\r\n]/g, ' ')}`,
        ]),
  ]
  return `${lines.join('\n')}\n`
}

function extractLines({ extractions }: Findings): string[] {
  if (extractions.length === 0) return []
  return [
    '',
    'extract:',
    ...extractions.flatMap(({ from, patterns, why }) => [
      `  # ${why}`,
      `  - { from: ${quoted(from)}, keep: true, patterns: [${patterns.map(single).join(', ')}] }`,
    ]),
  ]
}

function fieldLines({ guesses, outcomes }: Findings): string[] {
  if (guesses.length === 0) return []
  return [
    '',
    'fields:',
    ...guesses.flatMap(({ to, profile, why }) => {
      const format =
        to === '@timestamp' && profile.time !== 'auto' ? `, format: ${quoted(profile.time ?? 'auto')}` : ''
      if (to !== 'event.outcome')
        return [`  - { from: ${quoted(profile.path)}, to: ${quoted(to)}${format} } # ${why}`]
      const { success, failure, left } = outcomes
      const values = [
        ...(success.length === 0 ? [] : [`success: [${success.map(quoted).join(', ')}]`]),
        ...(failure.length === 0 ? [] : [`failure: [${failure.map(quoted).join(', ')}]`]),
      ]
      return [
        ...(left.length === 0
          ? []
          : [`  # Neither success nor failure, as far as is known: ${left.map(quoted).join(', ')}`]),
        `  - { from: ${quoted(profile.path)}, to: event.outcome, values: { ${values.join(', ')} } } # ${why}`,
      ]
    }),
  ]
}

function changeLines({ changes }: Findings): string[] {
  if (changes === null) return []
  const { list } = changes
  const field = changes.field === null ? '' : `, field: ${quoted(changes.field)}`
  const why = ['', '# By their names: what was before, and what is now.']
  if (list !== null) {
    const item = `{ old: ${quoted(changes.before)}, new: ${quoted(changes.after)}${field} }`
    return [...why, `changes: { list: ${quoted(list)}, item: ${item} }`]
  }
  return [...why, `changes: { before: ${quoted(changes.before)}, after: ${quoted(changes.after)}${field} }`]
}

function typeLines({ types, action }: Findings): string[] {
  if (types.length === 0 || action === null) return []
  return [
    '',
    '# The actions of the sample. Give them better titles, categories (set: { audit.category: security }) and groups; what the sample does not show is missing.',
    'events:',
    ...types.map(
      ({ id, title, text }) =>
        `  - { id: ${id}, title: ${quoted(title)}, group: Events, when: { ${quoted(action)}: ${quoted(text)} } }`,
    ),
  ]
}

function maskLines({ secrets }: Findings): string[] {
  if (secrets.length === 0) return []
  return [
    '',
    '# Their values are long and random. Remove members that hold no secret.',
    `mask: { names: [${secrets.map(quoted).join(', ')}] }`,
  ]
}

/** A text as YAML: plain if that cannot be read as anything else. */
const quoted = (text: string): string =>
  /^\p{L}[\p{L}\p{M}\p{N}_.-]*(?: [\p{L}\p{M}\p{N}_.-]+)*$/u.test(text) &&
  !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text)

const single = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Letters that are not a base letter with a mark. */
const SPELT: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', ł: 'l', đ: 'd', æ: 'ae', œ: 'oe', ı: 'i' }

/** A name for an integration, and for the types in it. */
export const slugOf = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßøłđæœıØŁĐÆŒ]/g, (letter) => SPELT[letter.toLowerCase()] ?? '')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60)

export const sameName = (a: string, b: string): boolean => folded(a) === folded(b)
