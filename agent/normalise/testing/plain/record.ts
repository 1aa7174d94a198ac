import { isIP } from 'node:net'
import { canonical, changeIndexOf, cutAt, LIMITS } from '../../../../schema/index.ts'
import type { Asked } from '../../integration/condition.ts'
import { nanosecondsOf } from '../../integration/duration.ts'
import { FLAG } from '../../integration/flags.ts'
import { TELLS, type Told } from '../../integration/identity.ts'
import { type EventType, folded } from '../../integration/integration.ts'
import { LEAF_COUNT, leafOf } from '../../integration/layout.ts'
import { type Mapping, OUTCOME, TIMESTAMP } from '../../integration/mapping.ts'
import { isMembers, type Members, scalarText } from '../../integration/members.ts'
import type { ListSource, NameNode } from '../../integration/names.ts'
import type { Rule } from '../../integration/rules.ts'
import { isoOf, isPlausible, timeFlags } from '../../integration/time.ts'
import { ChangeList, changesInText, UNNAMED_FIELD } from '../../map/changes.ts'
import { forwardedIn } from '../../map/fields.ts'
import { jsonIn } from '../../read/formats/json.ts'
import type { Envelope, Fill } from '../../read/syslog/envelope.ts'
import { eachValue } from './in-lists.ts'
import { payloadOf } from './payload.ts'
import { mayHoldPrevious } from './previous.ts'

export interface Draft {
  /** The values by leaf; undefined if the event has no such member. */
  readonly values: unknown[]
  flags: number
  /** The record's key, if the integration declares one and the record has it. */
  key: string[] | null
  /** The record's type in the catalogue; null if it has none. */
  type: EventType | null
}

const CODE = leafOf('event.code')
const ACTION = leafOf('event.action')
const CATEGORY = leafOf('audit.category')
const EVENT_TYPE = leafOf('event.type')
const MESSAGE = leafOf('message')
const PAYLOAD = leafOf('audit.payload')
const CHANGES = leafOf('audit.changes')
const CHANGE_FIELDS = leafOf('audit.change.fields')
const CHANGE_BEFORE = leafOf('audit.change.before')
const CHANGE_AFTER = leafOf('audit.change.after')
const OLD_UNKNOWN = leafOf('audit.old_unknown')
const HOST_NAME = leafOf('host.name')
const SOURCE_IP = leafOf('source.ip')
const SOURCE_PORT = leafOf('source.port')
const FORWARDED = leafOf('network.forwarded_ip')

/**
 * The host that a record was written on, as far as the agent can guarantee it: its own host for records from files, none for records from
 * the network. A record's own statement (`log.syslog.hostname`) is a claim of its sender.
 */
export const ownHost = (host: string, envelope: Envelope | null): string | undefined =>
  envelope?.received === true ? undefined : host

/** Maps the records of one input, one after the other. It reuses its buffers, so a draft is only valid until the next one. */
export class Mapper {
  readonly #mapping: Mapping
  /** The record's values by source; undefined for missing ones. */
  readonly #hits: unknown[]
  /** By source: 1 if a field took the value (or it is empty). */
  readonly #consumed: Uint8Array
  /** The sources with a hit. */
  readonly #sources: Int32Array
  #count = 0
  /** By rule: 1 if it may have a value. */
  readonly #atHand: Uint8Array
  readonly #always: Uint8Array
  readonly #rulesOf: readonly Int32Array[]
  readonly #changeSources: readonly number[]
  readonly #values: unknown[] = new Array(LEAF_COUNT).fill(undefined)
  readonly #lookupTexts: string[]
  /** The columns of the table that records are read from. */
  readonly #columns: () => readonly string[] | undefined
  readonly #isKept: (member: string) => boolean
  /** Answers conditions about the current record. */
  readonly asked: Asked = {
    member: (source) => scalarText(this.#hits[source]),
    field: (leaf) => firstText(this.#values[leaf]),
  }

  constructor(mapping: Mapping, columns: () => readonly string[] | undefined = () => undefined) {
    this.#columns = columns
    const { names, rules, changes, keep } = mapping
    this.#mapping = mapping
    this.#hits = new Array(names.size).fill(undefined)
    this.#consumed = new Uint8Array(names.size)
    this.#sources = new Int32Array(names.size)
    this.#atHand = new Uint8Array(rules.length)
    this.#always = Uint8Array.from(rules, ({ constant }) => (constant === null ? 0 : 1))
    this.#rulesOf = Array.from({ length: names.size }, (_, source) =>
      Int32Array.from(rules.flatMap((rule, i) => (rule.sources.includes(source) ? [i] : []))),
    )
    const pairs = changes.pairs.map(({ old }) => old)
    this.#changeSources = [...changes.list, ...changes.text, ...pairs, ...changes.before, ...changes.after]
    this.#lookupTexts = mapping.lookups.leaves.map(() => '')
    this.#isKept = keep.size === 0 ? () => false : (member) => keep.has(folded(member))
  }

  /** The sources for which the current record has a value. */
  get found(): Int32Array {
    return this.#sources.subarray(0, this.#count)
  }

  draftOf(record: Members, now: number, host: string, envelope: Envelope | null = null): Draft {
    const mapping = this.#mapping
    const hits = this.#hits
    const consumed = this.#consumed
    const values = this.#values
    this.#find(record)
    values.fill(undefined)
    const draft: Draft = { values, flags: 0, key: null, type: null }
    const wrongTime = this.#takeFields(draft, now)
    let isDated = true
    if (values[TIMESTAMP] === undefined) {
      const said = envelope?.time ?? null
      isDated = said !== null
      values[TIMESTAMP] = said ?? new Date(now).toISOString()
      draft.flags |= wrongTime || (isDated ? 0 : (envelope?.timeFlags ?? FLAG.timestamp_missing))
    }

    if (envelope !== null) fill(values, envelope.fields)
    const isNoSuccess = this.#stateOutcome()
    const hasOld =
      this.#changeSources.some((source) => hits[source] !== undefined) &&
      takeChanges(mapping, hits, consumed, draft)
    draft.key = this.#keyOf(record, isDated)
    const known = mapping.events.of(this.asked)
    if (known !== null) {
      draft.type = known.type
      for (const given of known.set) values[given.leaf] ??= given.value
      values[CODE] ??= known.type.id
    }
    const { leaves } = mapping.lookups
    for (let i = 0; i < leaves.length; i++) this.#lookupTexts[i] = textOf(values[leaves[i]!])
    for (const given of mapping.lookups.of(this.#lookupTexts)) values[given.leaf] ??= given.value
    for (const given of mapping.set) values[given.leaf] ??= given.value
    if (isNoSuccess && values[OUTCOME] === 'success') values[OUTCOME] = 'unknown'
    values[OUTCOME] ??= 'unknown'
    values[CATEGORY] ??= mapping.integration.category
    values[HOST_NAME] ??= ownHost(host, envelope)
    const types = values[EVENT_TYPE]
    const isUpdate = values[CATEGORY] === 'change' && Array.isArray(types) && types.includes('change')
    if (isUpdate && !hasOld && values[OLD_UNKNOWN] === undefined && !mayHoldPrevious(record))
      values[OLD_UNKNOWN] = true
    values[MESSAGE] ??= messageOf(mapping, draft)
    if (envelope !== null) fillRest(values, envelope)
    const payload = payloadOf(record, mapping.names, { hits, consumed }, this.#isKept)
    draft.flags |= payload.flags
    if (payload.json !== null) values[PAYLOAD] = new JsonText(payload.json)
    return draft
  }

  /** Derives the outcome from the record's words if no column states it. Returns whether its type must not make it a success. */
  #stateOutcome(): boolean {
    const { columns, constants, names, words } = this.#mapping.outcome
    const said = this.#values[OUTCOME]
    if (said !== undefined && said !== 'unknown') return false
    words.begin(said === 'unknown')
    for (const { sources, first, applies } of columns) {
      if (applies !== null && !applies(this.asked)) continue
      for (const source of sources) {
        if (this.#consumed[source] === 1) continue
        const hit = this.#hits[source]
        const text = scalarText(first && Array.isArray(hit) ? hit[0] : hit)
        if (text !== undefined) words.result(text)
      }
    }
    for (const { applies, constant } of constants)
      if (applies === null || applies(this.asked)) words.given(constant?.value)
    for (const textOf of names) {
      const text = textOf(this.asked)
      if (text !== undefined) words.name(text)
    }
    const stated = words.end()
    if (stated !== undefined) this.#values[OUTCOME] = stated
    return words.isBarred
  }

  #find(record: Members): void {
    const { names } = this.#mapping
    const hits = this.#hits
    const consumed = this.#consumed
    const sources = this.#sources
    for (let i = 0; i < this.#count; i++) {
      hits[sources[i]!] = undefined
      consumed[sources[i]!] = 0
    }
    this.#count = 0
    this.#findIn(names.root, record)
    for (let i = 0; i < names.inLists.length; i++) this.#findInList(names.inLists[i]!)
    for (let i = 0; i < this.#count; i++) {
      const source = sources[i]!
      const hit = hits[source]
      // An empty value of a known name has no meaning, except as a previous or a new value.
      if ((hit === null || hit === '') && names.emptyCounts[source] === false) consumed[source] = 1
    }
  }

  /** If two members have the same name (`user_id` and `userId`), the first counts. */
  #findIn(node: NameNode, members: Members): void {
    const { names } = this.#mapping
    for (const member of Object.keys(members)) {
      const child = names.child(node, member)
      if (child === undefined) continue
      const value = members[member]
      const { source } = child
      if (source !== -1 && value !== undefined && this.#hits[source] === undefined) {
        this.#hits[source] = value
        this.#sources[this.#count++] = source
      }
      if (child.children.size > 0 && isMembers(value)) this.#findIn(child, value)
    }
  }

  #findInList({ source, list, steps, isMany }: ListSource): void {
    const hits = this.#hits
    if (!Array.isArray(hits[list])) return
    const countsEmpty = this.#mapping.names.emptyCounts[source]!
    const values: unknown[] = []
    eachValue(hits[list], steps, (value) => {
      if (isNothing(value) && !countsEmpty) return false
      values.push(value)
      return !isMany
    })
    if (values.length === 0) return
    // Nested lists become one list.
    hits[source] = values.length === 1 ? values[0] : values.flat()
    this.#sources[this.#count++] = source
  }

  /** Returns the problems of the times in the record, as flags; 0 if a time was taken, or there was none. */
  #takeFields(draft: Draft, now: number): number {
    const { rules } = this.#mapping
    const hits = this.#hits
    const consumed = this.#consumed
    const values = this.#values
    const atHand = this.#atHand
    atHand.set(this.#always)
    for (let i = 0; i < this.#count; i++) {
      const source = this.#sources[i]!
      if (consumed[source] === 1) continue
      const rulesOf = this.#rulesOf[source]!
      for (let k = 0; k < rulesOf.length; k++) atHand[rulesOf[k]!] = 1
    }
    let wrongTime = 0
    for (let i = 0; i < rules.length; i++) {
      if (atHand[i] === 0) continue
      const rule = rules[i]!
      if (values[rule.leaf] !== undefined) continue
      if (rule.applies !== null && !rule.applies(this.asked)) continue
      if (rule.constant !== null) values[rule.leaf] = rule.constant.value
      for (const source of rule.sources) {
        const hit = hits[source]
        if (hit === undefined || consumed[source] === 1) continue
        const value = valueFor(rule, hit, now, draft) ?? this.#sourceIn(rule, hit)
        if (value === undefined) {
          const said = rule.leaf === TIMESTAMP ? scalarText(hit) : undefined
          if (said !== undefined) wrongTime |= timeFlags(rule.time!.read(said, now), now)
          continue
        }
        values[rule.leaf] = value
        if (!rule.keep) consumed[source] = 1
        break
      }
    }
    return values[TIMESTAMP] === undefined ? wrongTime : 0
  }

  /** Returns null if the integration declares no key, or the record has too little of it. */
  #keyOf(record: Members, isDated: boolean): string[] | null {
    const { key, sufficiency, names } = this.#mapping
    if (key.length === 0) return null
    const hits = this.#hits
    const values = this.#values
    const texts: string[] = []
    for (const { tells, sources, leaf } of key) {
      if (leaf === null) {
        const source = sources.find((one) => keyText(hits[one]) !== undefined)
        if (source === undefined) return null
        texts.push(keyText(hits[source])!)
      } else if (tells === 'when' && !isDated) {
        // The time of reading is not part of the content.
        texts.push('')
      } else {
        // A missing field also distinguishes records from those that have it.
        const value = values[leaf]
        texts.push(Array.isArray(value) ? value.join('\n') : textOf(value))
      }
    }
    if (texts.every((text) => text === '')) return null
    const told: Told = {
      isDated,
      tells: key.reduce(
        (all, { leaf, tells }) => (leaf === null || values[leaf] !== undefined ? all | TELLS[tells] : all),
        0,
      ),
      hasValue: (leaf) => values[leaf] !== undefined,
      hasMember: (source) => hits[source] !== undefined,
      hasUnknown: () =>
        Object.keys(record).some(
          (member) => !isBlank(record[member]) && names.child(names.root, member) === undefined,
        ),
    }
    const by = sufficiency.of(told, this.#columns())
    if (by === 'place') return null
    if (by === 'content') texts.push(canonical(contentOf(record)))
    return texts
  }

  /** Returns the source of a list of addresses; all addresses go into a field of their own. */
  #sourceIn(rule: Rule, hit: unknown): string | undefined {
    if (rule.leaf !== SOURCE_IP) return undefined
    const text = Array.isArray(hit) ? hit.map((one) => scalarText(one) ?? '').join(',') : scalarText(hit)
    const list = text === undefined ? null : forwardedIn(text)
    if (list === null) return undefined
    if (list.all.length > 1) this.#values[FORWARDED] ??= list.all
    return list.source
  }
}

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === ''

const contentOf = (record: Members): Members =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => !isBlank(value)))

export function fill(values: unknown[], fills: readonly Fill[]): void {
  for (const [leaf, value] of fills) values[leaf] ??= value
}

/** The sender counts as the source only if the record names none: an address and a port from two places would be false. */
export function fillRest(values: unknown[], envelope: Envelope): void {
  if (values[SOURCE_IP] === undefined && values[SOURCE_PORT] === undefined) fill(values, envelope.sender)
  fill(values, envelope.rest)
}

/** An empty value at the end of a path into a list. */
const isNothing = (value: unknown): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The whole content of a structure counts. */
const keyText = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null ? canonical(value) : scalarText(value)

const firstText = (value: unknown): string | undefined => scalarText(Array.isArray(value) ? value[0] : value)

const textOf = (value: unknown): string => (value === undefined ? '' : (scalarText(value) ?? ''))

function cut(text: string, draft: Draft): string {
  if (text.length <= LIMITS.keywordLength) return text
  draft.flags |= FLAG.value_cut
  return cutAt(text, LIMITS.keywordLength)
}

/** Returns the value for a field; undefined if it does not fit the field, so that it stays in the payload. */
function valueFor(rule: Rule, hit: unknown, now: number, draft: Draft): unknown {
  if (rule.many && Array.isArray(hit)) {
    const texts = hit.map(scalarText)
    if (texts.length === 0 || !texts.every((text) => text !== undefined)) return undefined
    return texts.map((text) => cut(text, draft))
  }
  let text = scalarText(rule.first && Array.isArray(hit) ? hit[0] : hit)
  if (text === undefined) return undefined
  if (rule.values !== null) {
    text = rule.values.of(text) ?? (rule.keepsOthers ? text : undefined)
    if (text === undefined) return undefined
  }
  const value = convert(rule, text, now, draft)
  return rule.many && value !== undefined ? [value] : value
}

const INTEGER = /^-?\d{1,15}$/
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,15})?$/

/** `1,000`, `1.000`, `1 000`, `1,000 records`: digits in groups of three, and the unit. */
const GROUPED = /^(-?\d{1,3}(?:([,. '\u00a0\u202f])\d{3})(?:\2\d{3}){0,4}|-?\d{1,15})(?: [a-z]{1,32})?$/i

function groupedNumber(text: string): number | undefined {
  const digits = GROUPED.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits.replace(/[^\d-]/g, '')) + 0
}

/** Converts a text to a rule's field; without a draft, it sets no flags. */
function convert(rule: Rule, text: string, now: number, draft: Draft | null): unknown {
  switch (rule.type) {
    case 'text':
      return draft === null ? text : cut(text, draft)
    case 'time': {
      const time = rule.time!.read(text, now)
      if (Number.isNaN(time) || !isPlausible(time, now)) return undefined
      return isoOf(time)
    }
    case 'ip':
      return isIP(text) !== 0 && !text.includes('%') ? text : undefined
    case 'long': {
      if (rule.written === 'duration') return nanosecondsOf(text)
      if (rule.written === 'grouped') return groupedNumber(text)
      if (rule.scale === 1 ? !INTEGER.test(text) : !DECIMAL.test(text)) return undefined
      const value = Math.round(Number(text) * rule.scale)
      return Number.isSafeInteger(value) ? value + 0 : undefined
    }
    case 'float':
      return DECIMAL.test(text) ? Number(text) : undefined
    case 'boolean': {
      const fold = folded(text)
      return fold === 'true' ? true : fold === 'false' ? false : undefined
    }
  }
}

/** Returns whether a previous value is known. */
function takeChanges(
  mapping: Mapping,
  hits: readonly unknown[],
  consumed: Uint8Array,
  draft: Draft,
): boolean {
  const { changes } = mapping
  const list = new ChangeList(changes.unchanged)
  for (const source of changes.list) {
    if (consumed[source] === 1) continue
    if (list.addList(structured(hits[source]), changes.item)) {
      consumed[source] = 1
      break
    }
  }
  if (list.changes.length === 0) {
    for (const source of changes.text) {
      const text = hits[source]
      if (typeof text !== 'string') continue
      const parts = changesInText(text)
      if (parts === null) continue
      for (const { field, old, now } of parts) list.add(field, old, now)
      // People read such a text, too: if a field took it, it stays there.
      consumed[source] = 1
      break
    }
  }
  for (const { field, old, now } of list.changes.length === 0 ? changes.pairs : []) {
    // Without a previous value it is a property, not a change of one.
    if (hits[old] === undefined || consumed[old] === 1 || isNested(hits[old]) || isNested(hits[now])) continue
    list.add(field, hits[old], hits[now])
    consumed[old] = 1
    if (hits[now] !== undefined) consumed[now] = 1
  }
  if (list.changes.length === 0) {
    const before = first(changes.before, hits, consumed)
    const after = first(changes.after, hits, consumed)
    const given = before === -1 ? undefined : structured(hits[before])
    const old = changes.emptyIsUnknown && given === '' ? undefined : given
    const now = after === -1 ? undefined : structured(hits[after])
    const isState = (value: unknown): boolean => value === undefined || value === null || isMembers(value)
    if (isMembers(old) ? isState(now) : isMembers(now) && isState(old)) {
      // A created record has no previous state, a deleted one no new state.
      list.addStates(isMembers(old) ? old : undefined, isMembers(now) ? now : undefined)
      if (before !== -1) consumed[before] = 1
      if (after !== -1) consumed[after] = 1
    } else if (isSingle(old) && isSingle(now) && !(isEmpty(old) && isEmpty(now))) {
      const field = first(changes.field, hits, consumed)
      const name = field === -1 ? undefined : scalarText(hits[field])
      list.add(name ?? UNNAMED_FIELD, old, now)
      if (name !== undefined) consumed[field] = 1
      if (before !== -1) consumed[before] = 1
      if (after !== -1) consumed[after] = 1
    } else if (isEmpty(old) && isEmpty(now)) {
      if (before !== -1) consumed[before] = 1
      if (after !== -1) consumed[after] = 1
    }
  }
  if (list.changes.length === 0) return false
  const index = changeIndexOf(list.changes)
  draft.flags |= list.flags
  // A change is made with its members in canonical order.
  draft.values[CHANGES] = new JsonText(JSON.stringify(list.changes))
  if (index.fields.length > 0) draft.values[CHANGE_FIELDS] = index.fields
  if (index.before.length > 0) draft.values[CHANGE_BEFORE] = index.before
  if (index.after.length > 0) draft.values[CHANGE_AFTER] = index.after
  return list.changes.some((change) => change.old !== undefined)
}

function first(sources: readonly number[], hits: readonly unknown[], consumed: Uint8Array): number {
  for (const source of sources) if (hits[source] !== undefined && consumed[source] === 0) return source
  return -1
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null
/** Whether it counts as one value: lists do, such as roles or numbers. */
const isSingle = (value: unknown): boolean => !isMembers(value)

/** Columns and messages contain objects as JSON text. */
const structured = (value: unknown): unknown => (typeof value === 'string' ? (jsonIn(value) ?? value) : value)

function messageOf(mapping: Mapping, draft: Draft): string | undefined {
  const parts: string[] = []
  if (textOf(draft.values[ACTION]) === '') return undefined
  for (const alternatives of mapping.message) {
    for (const leaf of alternatives) {
      const text = textOf(draft.values[leaf])
      if (text === '') continue
      parts.push(text)
      break
    }
  }
  return parts.length === 0 ? undefined : cut(parts.join(' '), draft)
}

/** A value that is already written as JSON. */
class JsonText {
  readonly json: string

  constructor(json: string) {
    this.json = json
  }
}

/** The JSON of a leaf's value. */
export function jsonOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof JsonText) return value.json
  // A list of texts has only one form in JSON.
  return Array.isArray(value) && typeof value[0] === 'string' ? JSON.stringify(value) : canonical(value)
}
