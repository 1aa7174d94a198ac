/**
 * The meaning of a query, apart from its notation. Each store translates this tree; `matches` (evaluate.ts) defines its meaning plainly,
 * and tests hold the stores to that.
 */
export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'and'; readonly of: readonly Query[] }
  /** `meant`: how it was written, if it is the meaning of one condition on a field that no event has. */
  | { readonly kind: 'or'; readonly of: readonly Query[]; readonly meant?: Meaning }
  | { readonly kind: 'not'; readonly of: Query }
  /** The field has any value. */
  | { readonly kind: 'exists'; readonly field: string }
  /** The field has this value: exact for keywords (A to Z as a to z), the words in a row for texts, the number, the date. */
  | { readonly kind: 'equals'; readonly field: string; readonly value: string }
  /** The field has a value of this shape; `parts` are the fixed texts between the `*`s (a first or last '' is an open end). */
  | { readonly kind: 'wildcard'; readonly field: string; readonly parts: readonly string[] }
  /** Numbers, dates (as ms) and addresses; keywords by UTF-8 bytes after folding. */
  | {
      readonly kind: 'range'
      readonly field: string
      readonly gt?: Bound
      readonly gte?: Bound
      readonly lt?: Bound
      readonly lte?: Bound
    }
  /** The address lies in the block, as its first and last address (16 bytes in hex, IPv4 as ::ffff:a.b.c.d). */
  | { readonly kind: 'cidr'; readonly field: string; readonly first: string; readonly last: string }
  /** The event's words contain these words in a row; with `prefix` the last one may continue. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly prefix: boolean }
  /** One change has all of these: its field, its old value, its new value. */
  | { readonly kind: 'change'; readonly of: ChangeQuery }

/** A condition on a person, a verb or an object; `parts` are the fixed texts between the `*`s. */
export interface Meaning {
  readonly field: 'person' | 'verb' | 'object'
  readonly parts: readonly string[]
}

export type Bound = string | number

/** About one item of `audit.changes`; the members are `field`, `old` and `new`. */
export type ChangeQuery =
  | { readonly kind: 'and'; readonly of: readonly ChangeQuery[] }
  | { readonly kind: 'or'; readonly of: readonly ChangeQuery[] }
  | { readonly kind: 'not'; readonly of: ChangeQuery }
  | { readonly kind: 'exists'; readonly member: ChangeMember }
  | { readonly kind: 'equals'; readonly member: ChangeMember; readonly value: string }
  | { readonly kind: 'wildcard'; readonly member: ChangeMember; readonly parts: readonly string[] }

export type ChangeMember = 'field' | 'old' | 'new'
