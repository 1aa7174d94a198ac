import type { Category, FieldName } from '../../../schema/index.ts'
import type { Framing } from '../../inputs/framing.ts'

export { folded } from '../../../schema/index.ts'

/**
 * An integration as plain data: what `integration.yml` says, checked, with what it takes over from another (`like`)
 * already in it. It goes to the workers as it is.
 */
export interface Integration {
  /** Becomes `event.module`. */
  readonly name: string
  readonly title: string
  /** The integration that it takes over from. */
  readonly like: string | null
  /** The forms its records come in; a record is read as the first of them that it looks like. */
  readonly formats: readonly FormatName[]
  /** Names of the lists in which a JSON document holds records; with any, a document may also be a list itself. */
  readonly records: readonly string[]
  /** What consecutive lines of one record have in common: the groups of this pattern. */
  readonly join: string | null
  /** What a line of a file stands in: the format is that of the message behind a syslog header. */
  readonly envelope: 'syslog' | null
  /** What reads records of the Linux audit system that its records hold: their events are that one's. */
  readonly audit: Integration | null
  readonly dataset: string | null
  /** The category of an event that no lookup gives one. */
  readonly category: Category
  /** Members that together name a record for good; empty where its place in the file does. */
  readonly identity: readonly (readonly string[])[]
  readonly csv: { readonly delimiter: string | null; readonly columns: readonly string[] }
  readonly kv: { readonly between: string | null; readonly assign: string }
  /** Of the format `regex`: whole records, tried in order. */
  readonly patterns: readonly string[]
  /** Members that hold JSON as text. */
  readonly unpack: readonly string[]
  readonly extract: readonly Extraction[]
  /** Members that stay in the payload whole, whatever fields take of them. */
  readonly keep: readonly string[]
  readonly fields: readonly FieldMapping[]
  /** What exports in other languages call the members that are named elsewhere here. */
  readonly captions: readonly Captions[]
  /** The same as an operator says it of one input: stronger than any other name. */
  readonly columns: readonly Captions[]
  readonly changes: ChangeNames
  /** The catalogue of what the source logs; the first that applies is the record's. */
  readonly events: readonly EventType[]
  readonly lookups: readonly Lookup[]
  /** Fields that every event has, unless the record says otherwise. */
  readonly set: readonly Assignment[]
  /** What a message is built of where the record has none: of each list the first field that is there. */
  readonly message: readonly (readonly FieldName[])[]
  /** Fields and members whose words say how it ended where no column does. */
  readonly outcome: readonly string[]
  readonly mask: MaskNames
}

export const FORMATS = ['json', 'csv', 'kv', 'cef', 'auditd', 'journald', 'regex', 'plain'] as const
export type FormatName = (typeof FORMATS)[number]

/** A member that is taken apart: where a pattern fits, the named groups take its place. */
export interface Extraction {
  /** The first of these that the record has. */
  readonly from: readonly string[]
  readonly patterns: readonly NamedPattern[]
  /** The member that is given the name of the pattern that fits. */
  readonly into: string | null
  /** The member stays beside what was taken of it. */
  readonly keep: boolean
  readonly when: Condition | null
}

export interface NamedPattern {
  readonly name: string | null
  readonly pattern: string
}

export interface EventType {
  /** Begins with the integration's name; becomes `event.code`. */
  readonly id: string
  readonly title: string
  readonly group: string
  readonly when: Condition
  readonly set: readonly Assignment[]
  /** Can't be switched off. */
  readonly mandatory: boolean
  /** Whether it is recorded where nobody has said. */
  readonly recorded: boolean
}

/** Of a name: a field of the schema, as the record's fields made it, or else a member of the record. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly name: string; readonly oneOf: readonly string[] }
  | { readonly name: string; readonly matches: string }
  | { readonly name: string; readonly exists: boolean }
  | { readonly name: string; readonly differsFrom: string }

/** Secrets beyond those that are known everywhere. */
export interface MaskNames {
  /** Members, by folded name: the kind that their mask shows. */
  readonly names: readonly string[]
  /** By kind. */
  readonly patterns: Readonly<Record<string, string>>
  /** Members that look like secrets by their name, and are none. */
  readonly keep: readonly string[]
}

/** Other names of a member. */
export interface Captions {
  readonly name: string
  readonly captions: readonly string[]
}

export interface FieldMapping {
  /** Names in the record, the best first; dots go into members, brackets into lists. */
  readonly from: readonly string[]
  readonly to: FieldName
  /** How a time is written, tried in order; `auto` knows ISO 8601 and epochs. */
  readonly format: readonly string[]
  /** Which value stands for which texts; a text that stands here nowhere is not taken. */
  readonly values: Readonly<Record<string, readonly string[]>> | null
  /** A text that is none of `values` is taken as it is. */
  readonly keepOthers: boolean
  /** Of a list, its first item. */
  readonly first: boolean
  /** The member stays for the fields behind this one. */
  readonly keep: boolean
  /** What the field is where `when` holds, instead of what a member says. */
  readonly value: string | null
  readonly when: Condition | null
}

/** Where a record keeps previous and new values. */
export interface ChangeNames {
  /** A list of `{field, old, new}`, or an object of field to `{old, new}` or `[old, new]`. */
  readonly list: readonly string[]
  /** Objects of field to value, or single values of the field that `field` names. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly field: readonly string[]
  /** Texts such as `Credit Limit: 10 -> 15; Terms: Net 30 -> Net 45`. */
  readonly text: readonly string[]
  /** Members that hold a field's previous and new value: `old_name` and `name`. */
  readonly pairs: readonly ChangePair[]
  /** An empty previous value says that it is unknown, not that it was empty. */
  readonly emptyIsUnknown: boolean
  /** What stands behind a new value that is the old one: ` (no change)`. */
  readonly unchanged: string | null
  /** Names within a list's items. */
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

/** All rows with a word among those of the fields apply, from above; each fills only what is still empty. */
export interface Lookup {
  readonly from: readonly FieldName[]
  readonly rows: readonly { readonly words: readonly string[]; readonly set: readonly Assignment[] }[]
}

export interface Assignment {
  readonly field: FieldName
  readonly value: string | number | boolean | readonly string[]
}

/** How the files of an integration are cut into records, where the input doesn't say it. */
export function framingFor({ formats, records, join }: Integration): Framing {
  const hasJson = formats.includes('json')
  if (formats.includes('csv')) return { kind: 'csv', quote: '"', ...(hasJson ? { json: records } : {}) }
  if (formats.includes('journald')) return { kind: 'journald' }
  if (join !== null) return { kind: 'joined', pattern: join }
  return hasJson && records.length > 0 ? { kind: 'json-list', names: records } : { kind: 'lines' }
}
