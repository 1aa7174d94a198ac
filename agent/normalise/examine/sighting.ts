import { closest } from '../../../config/index.ts'
import { FLAG } from '../integration/flags.ts'
import { folded, type Integration } from '../integration/integration.ts'
import { type Mapping, TIMESTAMP } from '../integration/mapping.ts'
import { keyOf, type MemberPath, memberAt, pathOf } from '../integration/member-path.ts'
import { type Members, scalarText } from '../integration/members.ts'
import { spellings } from '../integration/names.ts'
import type { PipelineSpec } from '../task.ts'

/** A time in a record that is not taken. */
export interface WrongTime {
  /** The member with the time. */
  readonly name: string
  readonly value: string
  /** Whether it is readable but implausible: before 1990, or more than a day ahead. */
  readonly isRead: boolean
}

const MOST_TIMES = 500
const MOST_NAMED = 12

/** Finds the operator's columns, and wrong times, in the records of one file. */
export class Sighting {
  /** The number of records whose time is not taken, and of those without a time. */
  wrong = 0
  timeless = 0
  /** Whether the records are rows of a table, which has all its columns from the beginning. */
  isTable = false
  /** The first times that are not taken. */
  readonly wrongTimes: WrongTime[] = []
  readonly #columns: readonly { key: string; names: readonly string[]; paths: readonly MemberPath[] }[]
  readonly #found = new Set<string>()
  readonly #members = new Set<string>()

  constructor(columns: PipelineSpec['columns'] = {}) {
    this.#columns = Object.entries(columns).map(([key, { names }]) => ({
      key,
      names,
      paths: names.flatMap(spellings).map(pathOf),
    }))
  }

  /** Takes the members of a record; for a row, also the columns of its table, which may be empty here. */
  take(members: Members, table: readonly string[] = []): void {
    this.isTable ||= table.length > 0
    const names = table.length > 0 ? table : Object.keys(members)
    if (this.#members.size < MOST_TIMES) for (const name of names) this.#members.add(name)
    const folds = new Set(table.map(folded))
    for (const { key, paths } of this.#columns) {
      if (this.#found.has(key)) continue
      if (paths.some((path) => folds.has(path.join('.')) || memberAt(members, path) !== undefined))
        this.#found.add(key)
    }
  }

  /** Counts the record's time, by the flags of its event. */
  takeTime(members: Members, { integration, names, rules }: Mapping, flags: number, now: number): void {
    if ((flags & FLAG.timestamp_missing) !== 0) this.timeless++
    if ((flags & FLAG.timestamp_invalid) === 0) return
    this.wrong++
    if (this.wrongTimes.length >= MOST_TIMES) return
    for (const path of timeNames(integration).flatMap((name) => names.pathsOf(name))) {
      const value = scalarText(memberAt(members, path))
      if (value === undefined) continue
      const name = (path.length === 1 ? keyOf(members, path[0]!) : undefined) ?? path.join('.')
      const isRead = rules.some(
        ({ leaf, time }) => leaf === TIMESTAMP && time !== null && !Number.isNaN(time.read(value, now)),
      )
      this.wrongTimes.push({ name, value, isRead })
      return
    }
  }

  /** The members of the records, for a sentence. */
  get names(): string {
    const names = [...this.#members]
    const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : ''
    return names.slice(0, MOST_NAMED).join(', ') + more
  }

  /** Returns a sentence for each of the operator's columns that no record has. */
  missing(): string[] {
    if (this.#members.size === 0) return []
    return this.#columns.flatMap(({ key, names }) => {
      if (this.#found.has(key)) return []
      const near = names.flatMap((name) => closest(name, [...this.#members]) ?? [])[0]
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`
      return [
        `columns: names ${names.join(' or ')} for ${key}, but the file has no such column${hint}; it has ${this.names}`,
      ]
    })
  }
}

const timeNames = ({ fields }: Integration): string[] =>
  fields.flatMap(({ to, from }) => (to === '@timestamp' ? from : []))
