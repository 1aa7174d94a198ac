import {
  type AlertShape,
  CASE_LIMITS,
  type CaseChange,
  type CasePin,
  type CaseShape,
  type CaseSummary,
  type NewCase,
  type NewPin,
  type PinKind,
} from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import { isFull, shownTo } from '../accounts/index.ts'
import type { Act, Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/index.ts'
import { actOf } from './acts.ts'
import {
  CASE_KIND,
  type Case,
  type CaseRecord,
  caseSchema,
  type Entry,
  entriesOf,
  type Investigator,
  isSame,
  mayKeep,
  maySee,
  type Person,
  PIN_KIND,
  type Pin,
  type PinContent,
  packed,
  personOf,
  summaryOf,
  unpacked,
  withEntries,
} from './case.ts'

interface CasesParts {
  readonly records: Records
  readonly trail: Pick<Trail, 'record'>
  /** The whole event, of the store or of a restore of the archive; null if there is none. */
  readonly eventOf: (id: string, restored: string | undefined) => Promise<AuditEvent | null>
  readonly alertOf: (id: string) => AlertShape | null
  /** A user who may investigate; null if there is none of this name. */
  readonly investigatorNamed: (name: string) => Person | null
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
}

/** Records that are read at once. */
const AT_ONCE = 20

/**
 * The cases, each a record; what is pinned to them is in records of their own. All is read from the store at each request, so several
 * indexers may share it.
 */
export class Cases {
  readonly #parts: CasesParts

  constructor(parts: CasesParts) {
    this.#parts = parts
  }

  /** Those that this client sees, the last changed first. */
  async list(by: Investigator): Promise<CaseSummary[]> {
    const all = await this.#all()
    return all
      .filter((one) => maySee(one, by))
      .toSorted((a, b) => b.changed - a.changed || (a.id < b.id ? -1 : 1))
      .map((one) => summaryOf(one, by))
  }

  async open({ name, about = '', shared = false }: NewCase, by: Investigator): Promise<CaseShape> {
    const { records, trail, clock, random } = this.#parts
    if ((await records.list(CASE_KIND)).length >= CASE_LIMITS.cases)
      throw new Refusal(
        'WB-LIMIT-REACHED',
        `There are ${CASE_LIMITS.cases} cases already: export and remove some that are closed.`,
      )
    const at = clock()
    const record: CaseRecord = {
      ...{ format: 1, version: 1, name, about, state: 'open', owner: personOf(by), shared },
      ...{ opened: at, changed: at, pins: [] },
      timeline: [{ at, by: by.name, act: 'opened', pin: null, text: name }],
    }
    const one = { ...record, id: random(8).toString('hex') }
    await trail.record(actOf(one, 'opened', by))
    if (!(await records.put(CASE_KIND, one.id, record, null))) throw new Error(`the id ${one.id} came twice`)
    return this.#shapeOf(one, by)
  }

  async get(id: string, by: Investigator): Promise<CaseShape> {
    return this.#shapeOf((await this.#demand(id, by)).one, by)
  }

  /** Changes what a case is called, says, and who has it. */
  async change(id: string, change: CaseChange, by: Investigator): Promise<CaseShape> {
    const { one, stored } = await this.#demand(id, by)
    if (one.version !== change.version)
      throw new Refusal(
        'WB-CHANGED',
        `Somebody else has changed this case: read it again, and repeat the change.`,
      )
    const { name = one.name, about = one.about, state = one.state, shared = one.shared } = change
    const owner = this.#ownerOf(one, change.owner)
    if ((shared !== one.shared || !isSame(owner, one.owner)) && !mayKeep(one, by))
      throw new Refusal(
        'WB-FORBIDDEN',
        `Only ${one.owner.name}, who owns this case, may share it or hand it over.`,
      )
    const entries = entriesOf(one, { ...change, by: by.name, at: this.#parts.clock() })
    if (entries.length === 0) return this.#shapeOf(one, by)
    const next = withEntries({ ...recordOf(one), name, about, state, owner, shared }, entries)
    // Under its new name only if it is shared then.
    const told = { id, name, shared: shared && one.shared }
    const acts = entries.map(({ act, text }) =>
      actOf(told, act, by, act === 'handed-over' && text !== null ? { owner: text } : {}),
    )
    await this.#put(id, next, stored, acts)
    return this.#shapeOf({ ...next, id }, by)
  }

  /** Pins copies. Pins of two people at the same time are both kept. */
  async pin(id: string, pins: readonly NewPin[], by: Investigator): Promise<CaseShape> {
    const { records, clock, random } = this.#parts
    await this.#demandOpen(id, by)
    const at = clock()
    const added: { pin: Pin; content: PinContent }[] = []
    for (const one of pins) {
      const content = await this.#contentOf(one, by)
      added.push({ pin: { id: random(8).toString('hex'), kind: one.kind, at, by: personOf(by) }, content })
    }
    for (const { pin, content } of added)
      await records.put(PIN_KIND, pinKey(id, pin.id), packed(content), null)
    try {
      return await this.#edit(id, by, (before) => {
        const all = [...before.pins, ...added.map(({ pin }) => pin)]
        if (all.length > CASE_LIMITS.pins)
          throw new Refusal(
            'WB-LIMIT-REACHED',
            `A case has ${CASE_LIMITS.pins} pins at most: remove some, or open another case.`,
          )
        return {
          next: { ...before, pins: all },
          entries: added.map(({ pin }) => entryOf('pinned', pin, by, at)),
          payloads: added.map(({ content }) => namedIn(content)),
        }
      })
    } catch (error) {
      for (const { pin } of added) await records.remove(PIN_KIND, pinKey(id, pin.id))
      throw error
    }
  }

  async unpin(id: string, pinId: string, by: Investigator): Promise<CaseShape> {
    const { records, clock } = this.#parts
    const { one } = await this.#demandOpen(id, by)
    const pin = one.pins.find((pin) => pin.id === pinId)
    if (pin === undefined) throw new Refusal('WB-NOT-FOUND', `The case ${id} has no pin ${pinId}.`)
    if (!isSame(pin.by, personOf(by)) && !mayKeep(one, by))
      throw new Refusal(
        'WB-FORBIDDEN',
        `${pin.by.name} pinned this: only ${pin.by.name} and ${one.owner.name}, who owns the case, may remove it.`,
      )
    const answer = await this.#edit(id, by, (before) => ({
      next: { ...before, pins: before.pins.filter((pin) => pin.id !== pinId) },
      entries: [entryOf('unpinned', pin, by, clock())],
      payloads: [{ kind: pin.kind }],
    }))
    await records.remove(PIN_KIND, pinKey(id, pinId))
    return answer
  }

  /** Notes in the timeline and in the trail that somebody takes a bundle. */
  async noteExport(id: string, by: Investigator): Promise<CaseShape> {
    const at = this.#parts.clock()
    const entry: Entry = { at, by: by.name, act: 'exported', pin: null, text: null }
    return this.#edit(id, by, (before) => ({ next: before, entries: [entry], payloads: [{}] }))
  }

  async remove(id: string, by: Investigator): Promise<void> {
    const { records, trail } = this.#parts
    const { one } = await this.#demand(id, by)
    if (!mayKeep(one, by))
      throw new Refusal('WB-FORBIDDEN', `Only ${one.owner.name}, who owns this case, may remove it.`)
    await trail.record(actOf(one, 'removed', by, { pins: one.pins.length }))
    // The case goes first: a crash leaves pins that nobody finds, never a case that lacks some.
    await records.remove(CASE_KIND, id)
    for (const { key } of await records.list(PIN_KIND))
      if (key.startsWith(pinKey(id, ''))) await records.remove(PIN_KIND, key)
  }

  async #all(): Promise<Case[]> {
    const listed = await this.#parts.records.list(CASE_KIND)
    return listed.map(({ key, value }) => ({ ...caseSchema.parse(value), id: key }))
  }

  /** A case that this client sees; of another one it does not even learn that it is there. */
  async #demand(id: string, by: Investigator): Promise<{ one: Case; stored: number }> {
    const record = await this.#parts.records.get(CASE_KIND, id)
    const one = record === null ? null : { ...caseSchema.parse(record.value), id }
    if (record === null || one === null || !maySee(one, by))
      throw new Refusal('WB-NOT-FOUND', `There is no case ${id}.`)
    return { one, stored: record.version }
  }

  async #demandOpen(id: string, by: Investigator): Promise<{ one: Case; stored: number }> {
    const found = await this.#demand(id, by)
    if (found.one.state === 'closed')
      throw new Refusal(
        'WB-CASE-CLOSED',
        `The case "${found.one.name}" is closed: open it again to change what is pinned.`,
      )
    return found
  }

  async #put(id: string, next: CaseRecord, stored: number, acts: readonly Act[]): Promise<void> {
    await this.#parts.trail.record(...acts)
    if (!(await this.#parts.records.put(CASE_KIND, id, next, stored)))
      throw new Refusal(
        'WB-CHANGED',
        `Somebody else has changed this case: read it again, and repeat the change.`,
      )
  }

  /** Changes that add something, or take it away: another one at the same time does not get in their way. */
  async #edit(
    id: string,
    by: Investigator,
    edit: (before: CaseRecord) => {
      next: CaseRecord
      entries: readonly Entry[]
      payloads: readonly NonNullable<Act['payload']>[]
    },
  ): Promise<CaseShape> {
    const { records, trail } = this.#parts
    let isTold = false
    for (;;) {
      const { one, stored } = await this.#demand(id, by)
      const { next, entries, payloads } = edit(recordOf(one))
      const value = withEntries(next, entries)
      if (!isTold)
        await trail.record(...entries.map(({ act }, index) => actOf(one, act, by, payloads[index] ?? {})))
      isTold = true
      if (await records.put(CASE_KIND, id, value, stored)) return this.#shapeOf({ ...value, id }, by)
    }
  }

  #ownerOf({ owner }: Case, name: string | undefined): Person {
    if (name === undefined || name === owner.name) return owner
    const found = this.#parts.investigatorNamed(name)
    if (found === null)
      throw new Refusal(
        'WB-REQUEST-INVALID',
        `owner: there is no user ${name} who may investigate (permission respond).`,
      )
    return found
  }

  async #contentOf(pin: NewPin, by: Investigator): Promise<PinContent> {
    const { eventOf, alertOf } = this.#parts
    if (pin.kind === 'note') return { kind: 'note', text: pin.text }
    if (pin.kind === 'search')
      return { kind: 'search', name: pin.name, search: pin.search, comment: pin.comment }
    if (pin.kind === 'alert') {
      const alert = isFull(by.visibility) ? alertOf(pin.alert) : null
      if (alert === null) throw new Refusal('WB-ALERT-UNKNOWN', `There is no alert ${pin.alert}.`)
      return { kind: 'alert', alert, comment: pin.comment }
    }
    const event = await eventOf(pin.event, pin.restored)
    if (event === null || shownTo(by.visibility, event) === null)
      throw new Refusal('WB-EVENT-UNKNOWN', `There is no event ${pin.event}.`)
    if (Buffer.byteLength(JSON.stringify(event)) > CASE_LIMITS.eventBytes)
      throw new Refusal(
        'WB-REQUEST-INVALID',
        `The event ${pin.event} is larger than 2 MiB, and can't be pinned: pin a search that finds it.`,
      )
    return { kind: 'event', event, comment: pin.comment }
  }

  async #shapeOf(one: Case, by: Investigator): Promise<CaseShape> {
    const items: CasePin[] = []
    for (let at = 0; at < one.pins.length; at += AT_ONCE)
      items.push(
        ...(await Promise.all(
          one.pins
            .slice(at, at + AT_ONCE)
            .map(async (pin) => seenPin(pin, await this.#pinned(one.id, pin.id), by)),
        )),
      )
    return { ...summaryOf(one, by), items, timeline: one.timeline }
  }

  /** Null if it is removed in this moment. */
  async #pinned(id: string, pin: string): Promise<PinContent | null> {
    const record = await this.#parts.records.get(PIN_KIND, pinKey(id, pin))
    return record === null ? null : unpacked(record.value)
  }
}

/** What this client sees of a pin, by the limits and masks that hold for the client now. */
function seenPin(pin: Pin, content: PinContent | null, by: Investigator): CasePin {
  const { id, at, kind } = pin
  const pinned = { id, at, by: pin.by.name }
  const hidden: CasePin = { kind: 'hidden', ...pinned, of: kind }
  if (content === null) return hidden
  if (content.kind === 'note') return { kind: 'note', ...pinned, text: content.text }
  if (content.kind === 'event') {
    const event = shownTo(by.visibility, content.event)
    // The comment of somebody who saw the event may tell what is in it.
    return event === null ? hidden : { kind: 'event', ...pinned, comment: content.comment, event }
  }
  const { comment } = content
  if (content.kind === 'alert')
    return isFull(by.visibility) ? { kind: 'alert', ...pinned, comment, alert: content.alert } : hidden
  // A query has values of fields that this client may not search by.
  const maySee = isFull(by.visibility) || isSame(pin.by, personOf(by))
  return maySee ? { kind: 'search', ...pinned, comment, name: content.name, search: content.search } : hidden
}

const recordOf = ({ id: _, ...record }: Case): CaseRecord => record

const pinKey = (id: string, pin: string): string => `${id}.${pin}`

const entryOf = (act: 'pinned' | 'unpinned', { id, kind }: Pin, by: Investigator, at: number): Entry => ({
  at,
  by: by.name,
  act,
  pin: { id, kind },
  text: null,
})

function namedIn(content: PinContent): Readonly<Record<string, string>> & { kind: PinKind } {
  const { kind } = content
  if (kind === 'event') return { kind, event: String((content.event.event as { id?: unknown }).id ?? '') }
  return kind === 'alert' ? { kind, alert: content.alert.id } : { kind }
}
