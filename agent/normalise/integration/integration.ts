import type { Category, FieldName } from '../../../schema/index.ts'
import type { Framing } from '../../inputs/framing.ts'

export { folded } from '../../../schema/index.ts'

/**
 * An integration as plain data: the checked content of `integration.yml`, including the inherited parts (`like`). The workers receive it
 * unchanged.
 */
export interface Integration {
  /** Becomes `event.module`. */
  readonly name: string
  readonly title: string
  /** The integration that it inherits from. */
  readonly like: string | null
  /** The formats of its records; the first one that a record looks like reads it. */
  readonly formats: readonly FormatName[]
  /** The names of lists that contain records in a JSON document. If there are any, the document itself may also be a list. */
  readonly records: readonly string[]
  /** The common part of consecutive lines of one record: the groups of this pattern. */
  readonly join: string | null
  /** The envelope of each line of a file: the format describes the message after a syslog header. */
  readonly envelope: 'syslog' | null
  /** The integration that reads Linux audit records inside its records: these become events of that integration. */
  readonly audit: Integration | null
  readonly dataset: string | null
  /** The category of an event without a category from a lookup. */
  readonly category: Category
  /** Members that together identify a record permanently; empty if its place in the file does. */
  readonly identity: readonly (readonly string[])[]
  readonly csv: { readonly delimiter: string | null; readonly columns: readonly string[] }
  readonly kv: { readonly between: string | null; readonly assign: string }
  /** For the format `regex`: patterns of whole records, tried in order. */
  readonly patterns: readonly string[]
  /** Members that contain JSON as text. */
  readonly unpack: readonly string[]
  readonly extract: readonly Extraction[]
  /** Members that stay in the payload completely, whatever fields take of them. */
  readonly keep: readonly string[]
  readonly fields: readonly FieldMapping[]
  /** The names of the members in exports in other languages. */
  readonly captions: readonly Captions[]
  /** An operator's names for one input: these are stronger than any other name. */
  readonly columns: readonly Captions[]
  readonly changes: ChangeNames
  /** The catalogue of the source's events; the first type that applies is the record's type. */
  readonly events: readonly EventType[]
  readonly lookups: readonly Lookup[]
  /** Fields that every event has, unless the record says otherwise. */
  readonly set: readonly Assignment[]
  /** The parts of a message for a record that has none: of each list, the first field that has a value. */
  readonly message: readonly (readonly FieldName[])[]
  /** Fields and members whose words state the outcome if no column does. */
  readonly outcome: readonly string[]
  readonly mask: MaskNames
}

export const FORMATS = ['json', 'csv', 'kv', 'cef', 'auditd', 'journald', 'regex', 'plain'] as const
export type FormatName = (typeof FORMATS)[number]

/** A member that is split: if a pattern matches, the named groups replace the member. */
export interface Extraction {
  /** The candidates; the first one that the record has is used. */
  readonly from: readonly string[]
  readonly patterns: readonly NamedPattern[]
  /** The member that gets the name of the matching pattern. */
  readonly into: string | null
  /** Whether the member stays beside the groups. */
  readonly keep: boolean
  readonly when: Condition | null
}

export interface NamedPattern {
  readonly name: string | null
  readonly pattern: string
}

export interface EventType {
  /** The id begins with the integration's name and becomes `event.code`. */
  readonly id: string
  readonly title: string
  readonly group: string
  readonly when: Condition
  readonly set: readonly Assignment[]
  /** Whether it cannot be switched off. */
  readonly mandatory: boolean
  /** Whether it is recorded if no rule applies. */
  readonly recorded: boolean
}

/** A condition on a name: a field of the schema, with the value that the record's fields gave it, or else a member of the record. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly name: string; readonly oneOf: readonly string[] }
  | { readonly name: string; readonly matches: string }
  | { readonly name: string; readonly exists: boolean }
  | { readonly name: string; readonly differsFrom: string }

/** Secrets in addition to those that are known everywhere. */
export interface MaskNames {
  /** The folded names of members; the name is the kind that the mask shows. */
  readonly names: readonly string[]
  /** The patterns, by kind. */
  readonly patterns: Readonly<Record<string, string>>
  /** Members whose names look like those of secrets, but which are none. */
  readonly keep: readonly string[]
}

/** Other names of a member. */
export interface Captions {
  readonly name: string
  readonly captions: readonly string[]
}

export interface FieldMapping {
  /** Names in the record, the best first; dots lead into members, brackets into lists. */
  readonly from: readonly string[]
  readonly to: FieldName
  /** The formats of a time, tried in order; `auto` knows ISO 8601 and epochs. */
  readonly format: readonly string[]
  /** The values, each with the texts that it represents; a text that is not listed is not taken. */
  readonly values: Readonly<Record<string, readonly string[]>> | null
  /** A text that is not in `values` is taken as it is. */
  readonly keepOthers: boolean
  /** For a list: take its first item. */
  readonly first: boolean
  /** Whether the member stays for later fields. */
  readonly keep: boolean
  /** The constant value of the field if `when` holds, instead of a member's text. */
  readonly value: string | null
  readonly when: Condition | null
}

/** The places of previous and new values in a record. */
export interface ChangeNames {
  /** A list of `{field, old, new}`, or an object from field to `{old, new}` or `[old, new]`. */
  readonly list: readonly string[]
  /** Objects from field to value, or single values of the field that `field` names. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly field: readonly string[]
  /** Texts such as `Credit Limit: 10 -> 15; Terms: Net 30 -> Net 45`. */
  readonly text: readonly string[]
  /** Members with a field's previous and new value: `old_name` and `name`. */
  readonly pairs: readonly ChangePair[]
  /** Whether an empty previous value means that it is unknown, not that it was empty. */
  readonly emptyIsUnknown: boolean
  /** The suffix that marks a new value as equal to the old one: ` (no change)`. */
  readonly unchanged: string | null
  /** The member names within a list's items. */
  readonly item: {
    readonly field: readonly string[]
    readonly old: readonly string[]
    readonly new: readonly string[]
  }
}

export interface ChangePair {
  readonly field: string
  readonly old: string
  readonly new: string
}

/** All rows with a word among those of the fields apply, from top to bottom; each fills only empty fields. */
export interface Lookup {
  readonly from: readonly FieldName[]
  readonly rows: readonly { readonly words: readonly string[]; readonly set: readonly Assignment[] }[]
}

export interface Assignment {
  readonly field: FieldName
  readonly value: string | number | boolean | readonly string[]
}

/** How to cut the files of an integration into records, if the input does not define it. */
export function framingFor({ formats, records, join }: Integration): Framing {
  const hasJson = formats.includes('json')
  if (formats.includes('csv')) return { kind: 'csv', quote: '"', ...(hasJson ? { json: records } : {}) }
  if (formats.includes('journald')) return { kind: 'journald' }
  if (join !== null) return { kind: 'joined', pattern: join }
  return hasJson && records.length > 0 ? { kind: 'json-list', names: records } : { kind: 'lines' }
}
