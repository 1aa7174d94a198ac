import { FIELDS, type Field, type FieldName } from '../../schema/index.ts'
import { type FieldMapping, folded, type Integration } from './integration.ts'
import { leafOf } from './layout.ts'
import { type Given, givenBy, Lookups } from './lookups.ts'
import { NameTree } from './names.ts'
import { type LocalTime, type TimeReader, timeReader } from './time.ts'

/** One field of the schema and the sources that it is taken from, the best first. */
export interface Rule {
  readonly leaf: number
  readonly type: 'time' | 'text' | 'ip' | 'long' | 'float' | 'boolean'
  readonly many: boolean
  readonly sources: readonly number[]
  readonly values: ValueTable | null
  readonly time: TimeReader | null
  /** What a number is multiplied with. */
  readonly scale: number
}

/** Which value stands for which texts. */
export class ValueTable {
  /** Of all its values. */
  readonly bytes: number
  readonly #byFold: ReadonlyMap<string, string>
  /** Texts as they come, so that the usual ones are not folded each time. */
  readonly #known = new Map<string, string>()

  constructor(values: Readonly<Record<string, readonly string[]>>) {
    this.bytes = Object.keys(values).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
    this.#byFold = new Map(
      Object.entries(values).flatMap(([value, texts]) => texts.map((text) => [folded(text), value] as const)),
    )
  }

  of(text: string): string | undefined {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value = this.#byFold.get(folded(text))
    if (value !== undefined && this.#known.size < 256) this.#known.set(text, value)
    return value
  }
}

/** Folded names of the parts of one change. */
export interface ItemNames {
  readonly field: ReadonlySet<string>
  readonly old: ReadonlySet<string>
  readonly new: ReadonlySet<string>
}

/** An integration made ready to run: names are numbers, values are maps, lookups are remembered. */
export interface Mapping {
  readonly integration: Integration
  readonly names: NameTree
  readonly rules: readonly Rule[]
  readonly changes: {
    readonly list: readonly number[]
    readonly before: readonly number[]
    readonly after: readonly number[]
    readonly field: readonly number[]
    readonly item: ItemNames
  }
  readonly identity: readonly number[]
  readonly lookups: Lookups
  readonly set: readonly Given[]
  readonly message: readonly (readonly number[])[]
}

export const TIMESTAMP: number = leafOf('@timestamp')

/** What `event.duration` is counted in at the source. */
export const DURATION_SCALES: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }

export function makeMapping(integration: Integration, zone: LocalTime): Mapping {
  const names = new NameTree()
  const sources = (list: readonly string[], emptyCounts = false): number[] =>
    list.map((name) => names.add(name, emptyCounts))
  const { changes } = integration
  return {
    integration,
    names,
    rules: integration.fields.map((field) => ruleOf(field, sources(field.from), zone)),
    changes: {
      list: sources(changes.list),
      before: sources(changes.before, true),
      after: sources(changes.after, true),
      field: sources(changes.field),
      item: {
        field: foldedSet(changes.item.field),
        old: foldedSet(changes.item.old),
        new: foldedSet(changes.item.new),
      },
    },
    identity: sources(integration.identity),
    lookups: new Lookups(integration.lookups),
    set: integration.set.map(givenBy),
    message: integration.message.map((names) => names.map(leafOf)),
  }
}

const foldedSet = (names: readonly string[]): ReadonlySet<string> => new Set(names.map(folded))

function ruleOf(field: FieldMapping, sources: readonly number[], zone: LocalTime): Rule {
  const { type, many } = FIELDS[field.to] as Field
  const values = field.values === null ? null : new ValueTable(field.values)
  return {
    leaf: leafOf(field.to),
    type: ruleType(field.to, type),
    many: many === true,
    sources,
    values,
    time: type === 'date' ? timeReader(field.format, zone) : null,
    scale: field.to === 'event.duration' ? (DURATION_SCALES[field.format] ?? 1) : 1,
  }
}

function ruleType(name: FieldName, type: Field['type']): Rule['type'] {
  switch (type) {
    case 'date':
      return 'time'
    case 'keyword':
    case 'text':
      return 'text'
    case 'ip':
    case 'long':
    case 'float':
    case 'boolean':
      return type
    default:
      throw new Error(`${name} is no field that a single value goes into`)
  }
}
