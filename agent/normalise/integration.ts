import type { Category, FieldName } from '../../schema/index.ts'

/**
 * An integration as plain data: what `integration.yml` says, checked, with what it takes over from another (`like`)
 * already in it. It goes to the workers as it is.
 */
export interface Integration {
  /** Becomes `event.module`. */
  readonly name: string
  readonly title: string
  readonly format: 'json' | 'csv' | 'plain'
  /** What a line of a file stands in: the format is that of the message behind a syslog header. */
  readonly envelope: 'syslog' | null
  readonly dataset: string | null
  /** The category of an event that no lookup gives one. */
  readonly category: Category
  /** Members that together name a record for good; empty where its place in the file does. */
  readonly identity: readonly string[]
  readonly csv: { readonly delimiter: string | null; readonly columns: readonly string[] }
  readonly fields: readonly FieldMapping[]
  readonly changes: ChangeNames
  readonly lookups: readonly Lookup[]
  /** Fields that every event has, unless the record says otherwise. */
  readonly set: readonly Assignment[]
  /** What a message is built of where the record has none: of each list the first field that is there. */
  readonly message: readonly (readonly FieldName[])[]
}

export interface FieldMapping {
  /** Names in the record, the best first; dots go into members. */
  readonly from: readonly string[]
  readonly to: FieldName
  /** How a time is written; `auto` knows ISO 8601 and epochs. */
  readonly format: string
  /** Which value stands for which texts; a text that stands here nowhere is not taken. */
  readonly values: Readonly<Record<string, readonly string[]>> | null
}

/** Where a record keeps previous and new values. */
export interface ChangeNames {
  /** A list of `{field, old, new}`, or an object of field to `{old, new}` or `[old, new]`. */
  readonly list: readonly string[]
  /** Objects of field to value, or single values of the field that `field` names. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly field: readonly string[]
  /** Names within a list's items. */
  readonly item: {
    readonly field: readonly string[]
    readonly old: readonly string[]
    readonly new: readonly string[]
  }
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

/**
 * Names and looked-up values compare without regard to case, `_`, `-` and spaces, so that `userName`, `user_name` and
 * `User Name` are one.
 */
export function folded(name: string): string {
  return name.replace(/[_\- ]/g, '').replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
}
