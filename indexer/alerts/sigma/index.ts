import { stringify } from 'yaml'
import { isRecord } from '../../../schema/index.ts'
import type { Priority } from '../../../schema/rule.ts'
import { printQuery, type Query } from '../../query/index.ts'
import { ruleIn } from '../rules.ts'
import { type Correlated, correlated, correlationOf, type Part } from './correlation.ts'
import { detectionQuery } from './detection.ts'
import { documentsOf, isProblem, type Problem, problemOf, type SigmaDocument } from './documents.ts'
import { type Mapping, Mappings } from './mapping.ts'
import { Refused } from './refused.ts'
import { allOf } from './values.ts'

export type { Problem } from './documents.ts'

/** A rule for Waybill, as its file has it. */
export interface ImportedRule {
  readonly id: string
  readonly text: string
  /** The file that it comes from. */
  readonly file: string
}

export interface Imported {
  readonly rules: readonly ImportedRule[]
  /** What was not imported, and why. A rule is imported as a whole or not at all. */
  readonly problems: readonly Problem[]
}

export interface SigmaFile {
  readonly file: string
  readonly text: string
}

/** Translates Sigma rules, correlations and filters into rules of Waybill: all files together, since they refer to each other. */
export function importSigma(files: readonly SigmaFile[], channels: readonly string[]): Imported {
  const found = files.flatMap(({ file, text }) => documentsOf(text, file))
  return new Import(
    found.filter((one): one is SigmaDocument => !isProblem(one)),
    found.filter(isProblem),
    channels,
  ).run()
}

interface Detection {
  readonly query: Query
  readonly mapping: Mapping
}

class Import {
  readonly #documents: readonly SigmaDocument[]
  readonly #problems: Problem[]
  readonly #channels: readonly string[]
  readonly #mappings = new Mappings()
  readonly #detections = new Map<SigmaDocument, Detection | Refused>()
  readonly #rules = new Map<string, ImportedRule>()
  /** Filters that apply to a rule. */
  readonly #used = new Set<SigmaDocument>()

  constructor(
    documents: readonly SigmaDocument[],
    problems: readonly Problem[],
    channels: readonly string[],
  ) {
    this.#documents = documents
    this.#problems = [...problems]
    this.#channels = channels
  }

  run(): Imported {
    const correlations = this.#documents.filter(({ given }) => 'correlation' in given)
    // A rule that a correlation refers to is a part of it, and raises no alerts of its own unless the correlation says so.
    const parts = new Set(correlations.flatMap((one) => this.#partsOnly(one)))
    for (const document of this.#documents) {
      const { given } = document
      try {
        if ('correlation' in given) this.#correlation(document)
        else if ('filter' in given) continue
        else if (parts.has(document)) this.#detection(document)
        else this.#rule(document)
      } catch (error) {
        this.#problems.push(problemOf(document, error))
      }
    }
    for (const document of this.#documents)
      if ('filter' in document.given && !this.#used.has(document))
        this.#problems.push(
          problemOf(document, new Refused(['filter'], 'no imported rule is one that this filter names')),
        )
    return { rules: [...this.#rules.values()], problems: this.#problems }
  }

  #named(name: string): SigmaDocument | undefined {
    return this.#documents.find(({ names }) => names.includes(name))
  }

  #partsOnly({ given }: SigmaDocument): SigmaDocument[] {
    try {
      const { rules, generate } = correlationOf(given.correlation)
      return generate ? [] : rules.flatMap((name) => this.#named(name) ?? [])
    } catch (error) {
      if (error instanceof Refused) return []
      throw error
    }
  }

  #rule(document: SigmaDocument): void {
    const { query } = this.#detection(document)
    this.#add(document, [
      { query, next: [], groupBy: [['user.name', 'source.ip', 'host.name']], condition: 'event' },
    ])
  }

  #detection(document: SigmaDocument): Detection {
    const known = this.#detections.get(document)
    if (known instanceof Refused) throw known
    if (known !== undefined) return known
    try {
      const detection = this.#detectionOf(document)
      this.#detections.set(document, detection)
      return detection
    } catch (error) {
      if (error instanceof Refused) this.#detections.set(document, error)
      throw error
    }
  }

  #detectionOf(document: SigmaDocument): Detection {
    const { given } = document
    if ('action' in given)
      throw new Refused(['action'], 'collections with `action` are no longer part of Sigma')
    if (!('detection' in given)) throw new Refused([], 'it has no detection, correlation or filter')
    const mapping = this.#mappingOf(given)
    const query = detectionQuery(given.detection, mapping, ['detection'])
    const filters = this.#documents.filter((filter) => filtersRule(filter, document))
    const exceptions = filters.map((filter) => {
      try {
        const query = detectionQuery(filter.given.filter, mapping, ['filter'])
        this.#used.add(filter)
        return query
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        this.#used.add(filter)
        this.#problems.push(problemOf(filter, error))
        throw new Refused([], `its filter "${filter.title}" can't be translated`)
      }
    })
    return { query: allOf([mapping.query, query, ...exceptions]), mapping }
  }

  #mappingOf(given: Readonly<Record<string, unknown>>): Mapping {
    const logsource = given.logsource
    if (!isRecord(logsource)) throw new Refused(['logsource'], 'expected a logsource')
    const asked = Object.fromEntries(
      (['product', 'category', 'service'] as const).flatMap((key) => {
        const value = logsource[key]
        return typeof value === 'string' ? [[key, value.toLowerCase()]] : []
      }),
    )
    const mapping = this.#mappings.of(asked)
    if (mapping !== null) return mapping
    const shown = Object.entries(asked).map(([key, value]) => `${key} ${value}`)
    throw new Refused(
      ['logsource'],
      `Waybill has no events of the logsource ${shown.join(', ') || '(nothing)'}`,
    )
  }

  #correlation(document: SigmaDocument): void {
    const given = correlationOf(document.given.correlation)
    const parts = given.rules.map((name, index): Part => {
      const rule = this.#named(name)
      const path = ['correlation', 'rules', index]
      if (rule === undefined) throw new Refused(path, `there is no rule "${name}" in these files`)
      if ('correlation' in rule.given)
        throw new Refused(path, `"${name}" is a correlation; Waybill has no correlations of correlations`)
      let detection: Detection
      try {
        detection = this.#detection(rule)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        throw new Refused(path, `its rule "${name}" can't be imported: ${error.message}`)
      }
      return {
        query: detection.query,
        name,
        fieldOf: (field) => {
          const target = detection.mapping.targetOf(field)
          return target === null || target.words !== null || target.values !== null ? null : target.fields
        },
      }
    })
    this.#add(
      document,
      correlated(given, parts),
      given.rules.flatMap((name) => this.#named(name) ?? []),
    )
  }

  /** `of` are the rules that a correlation is about: their authors are authors of it, too. */
  #add(document: SigmaDocument, made: readonly Correlated[], of: readonly SigmaDocument[] = []): void {
    const authors = [...new Set([document, ...of].flatMap(({ given }) => textsIn(given.author)))]
    const id = this.#idOf(document)
    const rules = made.map((one, index) => {
      const name = made.length === 1 ? id : `${id}-${index + 1}`
      return { id: name, text: ruleText(document, one, authors, this.#channels), file: document.file }
    })
    for (const { id, text } of rules) {
      const { mistakes } = ruleIn(text, `${id}.yml`)
      const [mistake] = mistakes
      if (mistake !== undefined) throw new Refused([], `its rule would not be valid: ${mistake.sentence}`)
    }
    for (const rule of rules) this.#rules.set(rule.id, rule)
  }

  /** The title as the name of a file; with the beginning of its id if another rule has the same. */
  #idOf({ given, title }: SigmaDocument): string {
    const plain = title
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 70)
      .replaceAll(/^-+|-+$/g, '')
    const id = plain === '' ? 'sigma' : plain
    if (!this.#rules.has(id) && !this.#rules.has(`${id}-1`)) return id
    const unique = typeof given.id === 'string' ? given.id.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 8) : ''
    for (let number = 2; ; number++) {
      const other = unique !== '' && number === 2 ? `${id}-${unique}` : `${id}-n${number}`
      if (!this.#rules.has(other) && !this.#rules.has(`${other}-1`)) return other
    }
  }
}

/** Whether a filter is about a rule: it names it, or any, and has the rule's logsource. */
function filtersRule({ given }: SigmaDocument, rule: SigmaDocument): boolean {
  const { filter } = given
  if (!isRecord(filter)) return false
  const { rules } = filter
  const names: readonly unknown[] = Array.isArray(rules) ? rules : [rules]
  if (!names.includes('any') && !rule.names.some((name) => names.includes(name))) return false
  const wanted = isRecord(given.logsource) ? given.logsource : {}
  const has = isRecord(rule.given.logsource) ? rule.given.logsource : {}
  return ['product', 'category', 'service'].every(
    (key) => wanted[key] === undefined || wanted[key] === has[key],
  )
}

const PRIORITY: Readonly<Record<string, Priority>> = {
  informational: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')
const textsIn = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === 'string' && one.trim() !== '',
  )

/** A `${` in a rule's text would be a reference to a file or a variable. */
const plainText = (text: string): string => text.replaceAll('${', '$ {')
const written = (query: Query): string => printQuery(query).replaceAll('${', '\\u0024{')

function ruleText(
  { given, title }: SigmaDocument,
  made: Correlated,
  authors: readonly string[],
  channels: readonly string[],
): string {
  const { query, next, groupBy, condition } = made
  const name = plainText(title)
  const author = authors.join(', ').slice(0, 500)
  const origin = [textIn(given.id) || textIn(given.name) || title, textIn(given.license)]
  const falsePositives = textsIn(given.falsepositives)
  const references = textsIn(given.references)
  const tags = textsIn(given.tags)
  const response = [
    'Look at the events, and decide whether they were meant.',
    ...(falsePositives.length > 0 ? [`Known harmless causes: ${falsePositives.join('; ')}.`] : []),
    ...(tags.length > 0 ? [`Tags: ${tags.join(', ')}.`] : []),
    ...(references.length > 0 ? [`References: ${references.join(' ')}`] : []),
  ].join('\n')
  const isSequence = next.length > 0 && isRecord(condition)
  const groups = groupBy.map(([field]) => `{${field}}`)
  const said =
    condition === 'event'
      ? '{user.name}, {source.ip}, {host.name}: {message}'
      : `{count} events${groups.length > 0 ? ` of ${groups.join(', ')}` : ''}`
  return stringify(
    {
      name,
      about: plainText(textIn(given.description) || title),
      query: written(query),
      ...(groupBy.length > 0 && {
        'group-by': groupBy.map((fields) => (fields.length === 1 ? fields[0] : [...fields])),
      }),
      condition: isSequence
        ? { sequence: { 'followed-by': next.map(written), within: condition.sequence } }
        : condition,
      priority: PRIORITY[textIn(given.level).toLowerCase()] ?? 'medium',
      channels: [...channels],
      message: `${name.replaceAll('{', '(').replaceAll('}', ')')}: ${said}`,
      throttle: '1h',
      response: plainText(response),
      ...(author !== '' && { author: plainText(author) }),
      source: plainText(`sigma: ${origin.filter((part) => part !== '').join(', ')}`.slice(0, 500)),
    },
    { lineWidth: 0 },
  )
}
