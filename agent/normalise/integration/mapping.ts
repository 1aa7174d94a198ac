import {
  FIELDS,
  type Field,
  type FieldName,
  type Stated,
  statedByName,
  statedByResult,
} from '../../../schema/index.ts'
import { type Asked, Conditions, isField } from './condition.ts'
import { EventTypes } from './events.ts'
import { Columns, type KeyPart, Sufficiency, tellingOf } from './identity.ts'
import { type Extraction, type FieldMapping, folded, type Integration } from './integration.ts'
import { leafOf } from './layout.ts'
import { type Given, given, givenBy, Lookups } from './lookups.ts'
import { NameTree } from './names.ts'
import { groupNames } from './pattern.ts'
import { remembered } from './remembered.ts'
import { type CompiledExtraction, groupFinder, type ItemNames, type Rule, ValueTable } from './rules.ts'
import { type LocalTime, timeReader } from './time.ts'

/** A compiled integration: names are numbers, values are maps, lookups are remembered. */
export interface Mapping {
  readonly integration: Integration
  readonly names: NameTree
  /** The rules, except those that derive an outcome from conditions: columns take precedence over them. */
  readonly rules: readonly Rule[]
  readonly changes: {
    readonly list: readonly number[]
    readonly before: readonly number[]
    readonly after: readonly number[]
    readonly field: readonly number[]
    readonly text: readonly number[]
    readonly pairs: readonly { readonly field: string; readonly old: number; readonly now: number }[]
    readonly emptyIsUnknown: boolean
    readonly unchanged: string | null
    readonly item: ItemNames
  }
  readonly key: readonly KeyPart[]
  /** Decides whether a record has enough of its key. */
  readonly sufficiency: Sufficiency
  /** Folded names of members that stay in the payload completely. */
  readonly keep: ReadonlySet<string>
  /** Sources whose texts may be JSON that has to be read. */
  readonly unpack: readonly number[]
  /** The extractions, in their order. */
  readonly extract: readonly CompiledExtraction[]
  readonly events: EventTypes
  readonly lookups: Lookups
  readonly set: readonly Given[]
  readonly message: readonly (readonly number[])[]
  readonly outcome: OutcomeSources
}

export const TIMESTAMP: number = leafOf('@timestamp')
export const OUTCOME: number = leafOf('event.outcome')

/** The units that a source may use for `event.duration`. */
export const DURATION_SCALES: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }

export function makeMapping(integration: Integration, zone: LocalTime): Mapping {
  const names = new NameTree()
  const sources = (list: readonly string[], how?: Parameters<NameTree['add']>[1]): number[] =>
    list.map((name) => names.add(name, how))
  const source = (name: string): number => names.add(name)
  const conditions = new Conditions(source)
  const { changes } = integration
  // Together with a time, such a member is a part of the record's content, not the source's own id.
  const isDated = integration.identity.some(([first]) => first === '@timestamp')
  const key = integration.identity.map((part): KeyPart => {
    const [first] = part
    return first !== undefined && isField(first)
      ? { tells: tellingOf(first), sources: sources(namesOf(integration, first)), leaf: leafOf(first) }
      : { tells: isDated ? 'what' : 'own', sources: sources(part), leaf: null }
  })
  sources(integration.keep)
  const changeNames = {
    list: sources(changes.list, { isMany: true }),
    before: sources(changes.before, { emptyCounts: true }),
    after: sources(changes.after, { emptyCounts: true }),
    field: sources(changes.field),
    text: sources(changes.text),
    pairs: changes.pairs.map((pair) => ({ field: pair.field, old: source(pair.old), now: source(pair.new) })),
  }
  const allRules = integration.fields.map((field) =>
    ruleOf(field, sources(field.from, { isMany: isMany(field.to) }), zone, conditions),
  )
  const outcomes = allRules.filter(({ leaf }) => leaf === OUTCOME)
  const columns = outcomes.filter(({ constant }) => constant === null)
  const constants = outcomes.filter(({ constant }) => constant !== null)
  const outcomeColumns =
    columns.length > 0 ? columns : [{ sources: sources(USUAL_COLUMNS), first: false, applies: null }]
  const outcomeNames = integration.outcome.map((name) => conditions.text(name))
  const unpack = sources(integration.unpack)
  const events = new EventTypes(integration.events, conditions)
  for (const { from } of integration.extract) sources(from)
  // Captions follow all of the integration's own names.
  for (const { name, captions } of integration.columns)
    for (const caption of captions) names.addCaption(name, caption, { wins: true })
  for (const { name, captions } of integration.captions)
    for (const caption of captions) names.addCaption(name, caption)
  const extract = integration.extract.map((extraction) => takingApart(extraction, names, conditions))
  return {
    integration,
    names,
    rules: allRules.filter((rule) => !constants.includes(rule)),
    changes: {
      ...changeNames,
      emptyIsUnknown: changes.emptyIsUnknown,
      unchanged: changes.unchanged,
      item: {
        field: foldedSet(changes.item.field),
        old: foldedSet(changes.item.old),
        new: foldedSet(changes.item.new),
      },
    },
    key,
    sufficiency: new Sufficiency(key, new Columns(names, extract)),
    keep: new Set(integration.keep.flatMap((name) => names.pathsOf(name).map((path) => path.join('.')))),
    unpack,
    events,
    extract,
    lookups: new Lookups(integration.lookups),
    set: integration.set.map(givenBy),
    message: integration.message.map((names) => names.map(leafOf)),
    outcome: {
      columns: outcomeColumns,
      constants,
      names: outcomeNames,
      mayBeUnknown: integration.fields.some(
        ({ to, values }) => to === 'event.outcome' && Object.hasOwn(values ?? {}, 'unknown'),
      ),
      words: new OutcomeWords(),
    },
  }
}

/** The members that a field is taken from. */
function namesOf({ fields, changes }: Integration, field: FieldName): readonly string[] {
  const { list, text, pairs } = changes
  const olds = pairs.map((pair) => pair.old)
  const news = pairs.map((pair) => pair.new)
  if (field === 'audit.change.fields') return [...list, ...text, ...changes.field, ...olds, ...news]
  if (field === 'audit.change.before') return [...list, ...text, ...changes.before, ...olds]
  if (field === 'audit.change.after') return [...list, ...text, ...changes.after, ...news]
  // A value in a list has several sources, one for each form of asking for it.
  return fields
    .filter(({ to }) => to === field)
    .flatMap(({ from }) => from)
    .filter((name) => !name.includes('['))
}

function takingApart(extraction: Extraction, names: NameTree, conditions: Conditions): CompiledExtraction {
  const sourceOf = (name: string): number => names.add(name)
  const { from, patterns, into, when } = extraction
  const groups = [...patterns.flatMap(({ pattern }) => groupNames(pattern)), ...(into === null ? [] : [into])]
  return {
    extraction,
    groupsOf: groupFinder(extraction),
    from: from.map((name) => ({
      source: sourceOf(name),
      isNested: names.pathsOf(name).some(({ length }) => length > 1),
    })),
    sourceOf: new Map(groups.map((group) => [group, sourceOf(group)])),
    into: into === null ? null : sourceOf(into),
    applies: when === null ? null : conditions.check(when),
  }
}

const isMany = (name: FieldName): boolean => (FIELDS[name] as Field).many === true

const foldedSet = (names: readonly string[]): ReadonlySet<string> => new Set(names.map(folded))

function ruleOf(
  field: FieldMapping,
  sources: readonly number[],
  zone: LocalTime,
  conditions: Conditions,
): Rule {
  const { type } = FIELDS[field.to] as Field
  const many = isMany(field.to)
  const values = field.values === null ? null : new ValueTable(field.values)
  return {
    leaf: leafOf(field.to),
    type: ruleType(field.to, type),
    many,
    sources,
    values,
    keepsOthers: field.keepOthers,
    first: field.first,
    keep: field.keep,
    constant: field.value === null ? null : given(leafOf(field.to), many ? [field.value] : field.value),
    applies: field.when === null ? null : conditions.check(field.when),
    time: type === 'date' ? timeReader(field.format, zone) : null,
    scale: field.to === 'event.duration' ? (DURATION_SCALES[field.format[0]!] ?? 1) : 1,
    written: field.format[0] === 'grouped' ? 'grouped' : field.format[0] === 'text' ? 'duration' : 'plain',
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

/** The sources that decide the outcome of an integration's events. */
interface OutcomeSources {
  /** Members that state the outcome. */
  readonly columns: readonly Pick<Rule, 'sources' | 'first' | 'applies'>[]
  /** The outcome if a condition holds and no column decides. */
  readonly constants: readonly Rule[]
  /** Texts whose words state the outcome if no column does. */
  readonly names: readonly ((asked: Asked) => string | undefined)[]
  /** Whether a rule can make it `unknown`. */
  readonly mayBeUnknown: boolean
  readonly words: OutcomeWords
}

/** The outcome columns of integrations that name none. */
export const USUAL_COLUMNS: readonly string[] = ['result', 'outcome', 'event_result']

/**
 * Derives the outcome from a record's words if no field took it from a column. A result of unknown spelling decides by its words;
 * otherwise the words of the action decide. A result that is not understood is never a success, whatever the event type says.
 */
class OutcomeWords {
  readonly #results = remembered(statedByResult)
  readonly #names = remembered(statedByName)
  #byResult: Stated | undefined
  #byName: Stated | undefined
  /** Whether a default of success is ruled out: the record states something that is not understood. */
  isBarred = false

  begin(isUnknown: boolean): void {
    this.#byResult = undefined
    this.#byName = undefined
    this.isBarred = isUnknown
  }

  result(text: string): void {
    const stated = this.#results(text)
    if (stated === undefined) this.isBarred = true
    else if (this.#byResult !== 'failure') this.#byResult = stated
  }

  /** Takes the outcome that a condition gave. */
  given(outcome: unknown): void {
    if (outcome === 'failure' || (outcome === 'success' && !this.isBarred)) this.#byResult ??= outcome
    else this.isBarred = true
  }

  name(text: string): void {
    if (this.#byName !== 'failure') this.#byName = this.#names(text) ?? this.#byName
  }

  /** Returns undefined if the record has no statement: then its type may decide. */
  end(): Stated | undefined {
    const stated = this.#byResult ?? (this.#byName === 'success' && this.isBarred ? undefined : this.#byName)
    if (stated !== undefined) this.isBarred = false
    return stated
  }
}
