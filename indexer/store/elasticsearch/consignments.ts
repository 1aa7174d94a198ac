import type { Client, estypes } from '@elastic/elasticsearch'
import {
  type Additions,
  type AuditEvent,
  addedIn,
  type Category,
  canonical,
  HASH_BYTES,
  isEventId,
  leafHash,
  OperatorError,
  reasonOf,
  sealedPart,
  sha256,
  textAt,
  valueAt,
} from '../../../schema/index.ts'
import type { Manifest } from '../../../schema/wire/index.ts'
import { type Searchable, windowOf } from '../../lifecycle/table.ts'
import { decodeCursor, encodeCursor, noCursor } from '../cursor.ts'
import { readLine } from '../line.ts'
import {
  type Consignment,
  type ConsignmentPage,
  type Consignments,
  type DamagedLines,
  type HeaderPage,
  type KeptLine,
  type KeptWaybill,
  type SealedEvent,
  StoreUnavailableError,
} from '../port.ts'
import { renamedId, renamingOf } from '../renamed.ts'
import {
  ARRIVALS_AT_A_TIME,
  type Arrival,
  arrivalsBetween,
  eventsOf,
  type Replay,
  readCursor,
  START,
} from './arrivals.ts'
import type { BulkSink } from './bulk.ts'
import { checkpointOf } from './checkpoint.ts'
import type { Commit, CommitBody, Commits } from './commits.ts'
import { documentOf, eventOf } from './document.ts'
import { statusOf } from './failures.ts'
import type { Families } from './families.ts'
import { ADDED } from './mapping.ts'
import { type Names, waybillId } from './names.ts'
import { WHOLE } from './search.ts'
import { lifecycleOf } from './setup/templates.ts'

/** Bytes of lines on a page, and the events that are asked for at once. */
const PAGE_BYTES = 6 * 1024 * 1024
const EVENTS_AT_A_TIME = 1000
/** Headers come with their manifests, of which each has about a kilobyte. */
const HEADERS_AT_A_TIME = 1000

interface Parts {
  readonly client: Client
  readonly names: Names
  readonly families: Families
  readonly commits: Commits
  readonly sink: BulkSink
  readonly searchable: () => Searchable
}

/** Moves between this cluster and another store. */
export class ConsignmentIndex implements Omit<Consignments, 'settle'> {
  readonly #parts: Parts
  /** The indices of moved events that are known to be there. */
  readonly #made = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** In the order in which the waybills were settled (see `arrivalsPage`). */
  async list({ after, limit }: { after: string | null; limit: number }): Promise<ConsignmentPage> {
    const { client, names } = this.#parts
    const cursor = after === null ? START : readCursor(after)
    const checkpoint = await checkpointOf(client, names.waybills)
    const arrivals = await arrivalsBetween(client, names, cursor, checkpoint)
    const page: Arrival[] = []
    let bytes = 0
    for (const arrival of arrivals) {
      if (page.length >= limit || bytes >= PAGE_BYTES) break
      page.push(arrival)
      if (arrival.of.kind === 'waybill') bytes += arrival.of.bytes
    }
    const isAll = page.length === arrivals.length && arrivals.length < ARRIVALS_AT_A_TIME
    const end = isAll ? Math.max(checkpoint, cursor.operation) : page.at(-1)!.operation
    const read = await this.#read(page)
    return { ...read, next: encodeCursor([end, null]), isEnd: isAll }
  }

  /** In the same order as `list`. */
  async headers({ after, limit }: { after: string | null; limit: number }): Promise<HeaderPage> {
    const { client, names } = this.#parts
    const cursor = after === null ? START : readCursor(after)
    const checkpoint = await checkpointOf(client, names.waybills)
    if (checkpoint <= cursor.operation)
      return { headers: [], next: encodeCursor([cursor.operation, null]), isEnd: true }
    await client.indices.refresh({ index: names.waybills })
    const { hits } = await client.search<Commit>({
      index: names.waybills,
      ...WHOLE,
      size: Math.min(limit, HEADERS_AT_A_TIME),
      seq_no_primary_term: true,
      sort: [{ _seq_no: 'asc' }],
      _source: { includes: ['agent', 'incarnation', 'sequence', 'hash', 'at', 'body.manifest'] },
      query: {
        bool: {
          filter: [
            { term: { kind: 'waybill' } },
            { term: { state: 'stored' } },
            { range: { _seq_no: { gt: cursor.operation, lte: checkpoint } } },
          ],
        },
      },
    })
    const headers = hits.hits.flatMap(({ _source: of, _seq_no: operation }) => {
      if (of === undefined || operation === undefined) return []
      const { agent, incarnation, sequence, hash, at, body } = of
      const { key } = JSON.parse(Buffer.from(body.manifest ?? '', 'base64').toString('utf8')) as Manifest
      return [{ agent, incarnation, sequence, hash, key, at, cursor: encodeCursor([operation, null]) }]
    })
    const isEnd = hits.hits.length < Math.min(limit, HEADERS_AT_A_TIME)
    return { headers, next: isEnd ? encodeCursor([checkpoint, null]) : headers.at(-1)!.cursor, isEnd }
  }

  async ofEvent(id: string): Promise<SealedEvent | null> {
    const { client, families, commits } = this.#parts
    if (!isEventId(id)) return null
    const { docs } = await client.mget<unknown>({
      docs: (await families.all()).map((index) => ({ _index: index, _id: id })),
    })
    const found = docs.find((doc) => 'found' in doc && doc.found)
    if (found === undefined || !('_source' in found)) return null
    const seal = sealOf(found._source)
    const known = await commits.find(waybillId(seal))
    if (known?.commit.state !== 'stored') return null
    const { manifest, signature, leaves } = keptOf(known.commit, new Map(), [])
    const position = Number(valueAt(found._source as AuditEvent, 'audit.seal.position'))
    return { ...seal, position, line: sealedLine(found._source), manifest, signature, leaves }
  }

  async inPartition(
    name: string,
    { after, limit }: { after: string | null; limit: number },
  ): Promise<ConsignmentPage> {
    const { client, families } = this.#parts
    families.forget()
    if (!(await families.all()).includes(name))
      throw new StoreUnavailableError(`There is no index ${name} any more: it has expired.`)
    await client.indices.refresh({ index: name })
    const damaged: DamagedLines[] = []
    const found: { seal: Seal; ingested: number; lines: KeptLine[]; sort: estypes.SortResults }[] = []
    let from = after === null ? undefined : readSort(after)
    let bytes = 0
    let isEnd = false
    while (!isEnd && (found.length <= 1 || (found.length <= limit && bytes < PAGE_BYTES))) {
      const { hits } = await client.search<unknown>({
        index: name,
        ...WHOLE,
        size: EVENTS_AT_A_TIME,
        sort: [
          { 'event.ingested': { order: 'asc', format: 'epoch_millis' } },
          { 'audit.seal.agent': 'asc' },
          { 'audit.seal.incarnation': 'asc' },
          { 'audit.seal.sequence': 'asc' },
          { 'audit.seal.position': 'asc' },
        ],
        ...(from !== undefined && { search_after: from }),
      })
      for (const { _source, _id, _index, sort = [] } of hits.hits) {
        const seal = sealOf(_source)
        from = sort
        try {
          const { line, isSealed } = lineOf(_source)
          if (!isSealed) {
            damaged.push({ ...seal, where: changedDocument(_id, _index), line })
            continue
          }
          const last = found.at(-1)
          if (
            last !== undefined &&
            waybillId(last.seal) === waybillId(seal) &&
            last.ingested === line.ingested
          ) {
            last.lines.push(line)
            last.sort = sort
          } else found.push({ seal, ingested: line.ingested, lines: [line], sort })
          bytes += line.line.length
        } catch (thrown) {
          damaged.push({ ...seal, where: `document ${_id} of ${_index} (${reasonOf(thrown)})` })
        }
      }
      isEnd = hits.hits.length < EVENTS_AT_A_TIME
    }
    // The last one may have more lines on the next page.
    if (!isEnd) found.pop()
    const commits = await this.#commitsOf(found.map(({ seal }) => seal))
    const consignments = found.map(({ seal, lines }): Consignment => {
      const commit = commits.get(waybillId(seal))
      return { ...seal, lines, waybill: commit === undefined ? null : keptOf(commit, new Map(), lines) }
    })
    const end = isEnd ? from : found.at(-1)?.sort
    return { consignments, damaged, next: end === undefined ? (after ?? '') : encodeCursor(end), isEnd }
  }

  /** The settled waybills of these seals. */
  async #commitsOf(seals: readonly Seal[]): Promise<ReadonlyMap<string, Commit>> {
    const { client, names } = this.#parts
    const ids = [...new Set(seals.map(waybillId))]
    if (ids.length === 0) return new Map()
    const { docs } = await client.mget<Commit>({ index: names.waybills, ids })
    return new Map(
      docs.flatMap((doc) =>
        'found' in doc && doc.found && doc._source?.state === 'stored' ? [[doc._id, doc._source]] : [],
      ),
    )
  }

  async #read(arrivals: readonly Arrival[]): Promise<Pick<ConsignmentPage, 'consignments' | 'damaged'>> {
    const { client, names } = this.#parts
    const damaged: DamagedLines[] = []
    const found = new Map<string, KeptLine[]>()
    const keyOf = (waybill: string, at: unknown): string => `${waybill}/${String(at)}`
    if (arrivals.length > 0) {
      await client.indices.refresh({ index: names.events, ignore_unavailable: true })
      const query = { bool: { should: arrivals.map(({ of }) => eventsOf(of)), minimum_should_match: 1 } }
      let after: estypes.SortResults | undefined
      for (;;) {
        const { hits } = await client.search<unknown>({
          index: names.events,
          ...WHOLE,
          size: EVENTS_AT_A_TIME,
          query,
          sort: [
            { 'audit.seal.agent': 'asc' },
            { 'audit.seal.incarnation': 'asc' },
            { 'audit.seal.sequence': 'asc' },
            { 'audit.seal.position': 'asc' },
          ],
          ...(after !== undefined && { search_after: after }),
        })
        for (const { _source, _id, _index } of hits.hits) {
          const seal = sealOf(_source)
          try {
            const { line, isSealed } = lineOf(_source)
            if (!isSealed) {
              damaged.push({ ...seal, where: changedDocument(_id, _index), line })
              continue
            }
            const key = keyOf(waybillId(seal), line.ingested)
            const lines = found.get(key)
            if (lines === undefined) found.set(key, [line])
            else lines.push(line)
          } catch (thrown) {
            damaged.push({ ...seal, where: `document ${_id} of ${_index} (${reasonOf(thrown)})` })
          }
        }
        after = hits.hits.at(-1)?.sort
        if (hits.hits.length < EVENTS_AT_A_TIME || after === undefined) break
      }
    }
    const bodies = await this.#bodiesOf(arrivals)
    const consignments: Consignment[] = []
    for (const { of } of arrivals) {
      const { agent, incarnation, sequence } = of
      const lines = found.get(keyOf(waybillId(of), of.at)) ?? []
      if (of.kind === 'replay') {
        const its = lines.filter(({ line, renamed }) => idOf(line, renamed) === of.body.eventId)
        if (its.length > 0) consignments.push({ agent, incarnation, sequence, waybill: null, lines: its })
        continue
      }
      consignments.push({ agent, incarnation, sequence, waybill: keptOf(of, bodies, lines), lines })
    }
    return { consignments, damaged }
  }

  /** Manifests and leaf hashes are large: they are read of the waybills of one page only. */
  async #bodiesOf(arrivals: readonly Arrival[]): Promise<ReadonlyMap<string, CommitBody>> {
    const { client, names } = this.#parts
    const ids = arrivals.flatMap(({ of }) => (of.kind === 'waybill' ? [waybillId(of)] : []))
    if (ids.length === 0) return new Map()
    const { docs } = await client.mget<Commit>({ index: names.waybills, ids, _source_includes: 'body' })
    return new Map(
      docs.flatMap((doc) =>
        'found' in doc && doc.found && doc._source !== undefined ? [[doc._id, doc._source.body]] : [],
      ),
    )
  }

  async put(consignments: readonly Consignment[]): Promise<void> {
    const { client, names, sink } = this.#parts
    const events: { index: string; id: string; document: string; of: string }[] = []
    const waybills: { id: string; document: Commit | Replay }[] = []
    for (const { agent, incarnation, sequence, waybill, lines } of consignments) {
      const key = { agent, incarnation, sequence }
      const at = waybill?.at ?? (lines.length === 0 ? null : await this.#timeOf(key))
      for (const { position, line, ingested, renamed, additions } of lines) {
        const place = `position ${position} of waybill ${sequence} of ${agent}, incarnation ${incarnation}`
        const read = readLine(line)
        if ('reason' in read) throw refused(place, read.reason)
        const id = renamed === null ? read.event.event.id : renamedId(line, renamed)
        const seal = { ...key, position, ingested, leaf: leafHash(line).toString('hex') }
        const added = additions === '' ? null : (JSON.parse(additions) as Additions)
        const revision = renamed === null ? null : id
        events.push({
          index: await this.#indexFor(read.event.audit.category, ingested),
          id,
          document: documentOf(read.event, line, seal, { additions: added, revision }),
          of: place,
        })
        if (ingested !== at)
          waybills.push({
            id: `replay.${waybillId(key)}.${position}`,
            document: { kind: 'replay', ...key, state: 'stored', at: ingested, body: { eventId: id } },
          })
      }
      if (waybill !== null) waybills.push({ id: waybillId(key), document: commitOf(key, waybill, lines) })
    }
    const fates = await sink.write(events)
    for (const [i, fate] of fates.entries()) {
      if (fate.kind === 'refused') throw refused(events[i]!.of, fate.reason)
      if (fate.kind === 'closed')
        throw new StoreUnavailableError(`${events[i]!.index} refuses writes: ${fate.reason}`)
    }
    if (waybills.length === 0) return
    // The order in the request is the order in the index, which has one shard.
    const { items } = await client.bulk<Commit | Replay>({
      operations: waybills.flatMap(({ id, document }) => [
        { create: { _index: names.waybills, _id: id } },
        document,
      ]),
    })
    for (const [i, { create }] of items.entries()) {
      if (create?.error === undefined) continue
      const { id, document } = waybills[i]!
      if (create.status !== 409) throw refused(`waybill ${id}`, create.error.reason ?? create.error.type)
      if (document.kind === 'waybill') await this.#demandSame(id, document)
    }
  }

  async #timeOf(key: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>): Promise<number | null> {
    return (await this.#parts.commits.find(waybillId(key)))?.commit.at ?? null
  }

  async #demandSame(id: string, { hash, agent, incarnation, sequence }: Commit): Promise<void> {
    const known = await this.#parts.commits.find(id)
    if (known?.commit.hash === hash && known.commit.state === 'stored') return
    throw new OperatorError(
      'WB-MOVE-REFUSED',
      `another waybill ${sequence} of ${agent}, incarnation ${incarnation}, is in the cluster already: its namespace received events itself`,
    )
  }

  /**
   * Events of one window of receipt share an index, as if the alias had been rolled over then. So they expire when they would have in the
   * other store.
   */
  async #indexFor(category: Category, ingested: number): Promise<string> {
    const { client, names, families, searchable } = this.#parts
    const width = windowOf(searchable()[category])
    const index = movedIndex(names, category, Math.floor(ingested / width) * width, width)
    if (this.#made.has(index)) return index
    if (!(await client.indices.exists({ index }))) {
      try {
        await client.indices.create({
          index,
          aliases: { [names.alias(category)]: { is_write_index: false } },
        })
      } catch (thrown) {
        if (statusOf(thrown) !== 403) throw thrown
        throw new OperatorError(
          'WB-ELASTICSEARCH',
          `this user of Elasticsearch may not create ${index}: give the user of the setup in WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or a key in WAYBILL_ES_API_KEY`,
          { cause: thrown },
        )
      }
      // Its time counts from `complete`: until then no policy may move or delete what is being filled.
      if (await this.#hasLifecycle(index)) await client.ilm.removePolicy({ index })
      families.forget()
    }
    this.#made.add(index)
    return index
  }

  async #hasLifecycle(index: string): Promise<boolean> {
    const settings = await this.#parts.client.indices.getSettings({ index, name: 'index.lifecycle.name' })
    return settings[index]?.settings?.index?.lifecycle?.name !== undefined
  }

  /** Gives the indices of moved events to their policies: their ages count from the end of their windows, as after a rollover. */
  async complete(): Promise<void> {
    const { client, names, families } = this.#parts
    for (const index of await families.all()) {
      const moved = endOfMoved(names, index)
      if (moved === null) continue
      // The first index of the category got its policy from the template, if the cluster has policies.
      if (!(await this.#hasLifecycle((await families.of(moved.category)).write))) continue
      const lifecycle = {
        ...lifecycleOf(names, moved.category),
        indexing_complete: true,
        origination_date: moved.end,
      }
      await client.indices.putSettings({ index, settings: { index: { lifecycle } } })
    }
  }

  async refuse(isRefused: boolean): Promise<void> {
    const { client, names } = this.#parts
    await client.indices.putSettings({
      index: names.waybills,
      settings: { index: { blocks: { write: isRefused } } },
    })
  }
}

const MOVED = '000000'

/** Sorts before the first index of the alias; names its window, whose end `complete` needs. */
const movedIndex = (names: Names, category: Category, start: number, width: number): string =>
  `${names.alias(category)}-${MOVED}-${start / 60_000}-${width / 60_000}`

function endOfMoved(names: Names, index: string): { category: Category; end: number } | null {
  const match = new RegExp(`^waybill-([a-z]+)-.+-${MOVED}-(\\d+)-(\\d+)$`).exec(index)
  if (match === null) return null
  const category = match[1] as Category
  if (!index.startsWith(`${names.alias(category)}-`)) return null
  return { category, end: (Number(match[2]) + Number(match[3])) * 60_000 }
}

const refused = (place: string, reason: string): OperatorError =>
  new OperatorError('WB-MOVE-REFUSED', `${place} can't be moved: ${reason}`)

const idOf = (line: Buffer, renamed: KeptLine['renamed']): string =>
  renamed === null ? (textAt(JSON.parse(line.toString('utf8')), 'event.id') ?? '') : renamedId(line, renamed)

function readSort(text: string): estypes.SortResults {
  const parts = decodeCursor(text)
  if (!Array.isArray(parts)) throw noCursor()
  return parts as estypes.SortResults
}

type Seal = Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>

function sealOf(source: unknown): Seal {
  const at = (path: string): unknown => valueAt(source as AuditEvent, `audit.seal.${path}`)
  return {
    agent: String(at('agent')),
    incarnation: String(at('incarnation')),
    sequence: Number(at('sequence')),
  }
}

/** The sealed line that follows from a document as it is now. */
function sealedLine(source: unknown): Buffer {
  const kept = valueAt(source as AuditEvent, `audit.seal.${ADDED.line}`)
  return Buffer.from(typeof kept === 'string' ? kept : canonical(sealedPart(eventOf(source))))
}

const changedDocument = (id: string | undefined, index: string): string =>
  `document ${id} of ${index} (it was changed: it does not have its leaf hash any more)`

/** The line of a document, and whether it is the sealed one. */
function lineOf(source: unknown): { readonly line: KeptLine; readonly isSealed: boolean } {
  const document = source as Record<string, unknown>
  const seal = valueAt(document, 'audit.seal') as Record<string, unknown>
  const shown = eventOf(source)
  const sealed = sealedPart(shown)
  const line = sealedLine(source)
  const isSealed = leafHash(line).toString('hex') === seal[ADDED.leaf]
  const renamed = isSealed ? renamingOf(line, textAt(document, 'event.id') ?? '') : null
  if (renamed === undefined) throw new Error('its id does not follow from its line')
  const added = addedIn(shown, sealed)
  return {
    isSealed,
    line: {
      position: Number(seal.position),
      line,
      ingested: Date.parse(textAt(document, 'event.ingested') ?? ''),
      renamed,
      additions: added === null ? '' : JSON.stringify(added),
    },
  }
}

function keptOf(
  commit: Commit,
  bodies: ReadonlyMap<string, CommitBody>,
  lines: readonly KeptLine[],
): KeptWaybill {
  const body = bodies.get(waybillId(commit))
  const { manifest, signature = '', leaves = '', result } = body ?? commit.body
  if (manifest === undefined || result === undefined) {
    const { agent, incarnation, sequence } = commit
    throw refused(`waybill ${sequence} of ${agent}, incarnation ${incarnation},`, 'its manifest is not kept')
  }
  const hashes = Buffer.from(leaves, 'base64')
  const positions = body?.positions ?? Array.from({ length: hashes.length / HASH_BYTES }, (_, i) => i)
  const absent = new Map(
    positions.map((position, i) => [position, hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)]),
  )
  const sealed = new Map<number, Buffer>()
  for (const { position } of lines) {
    const leaf = absent.get(position)
    if (leaf === undefined) continue
    sealed.set(position, leaf)
    absent.delete(position)
  }
  return {
    manifest: Buffer.from(manifest, 'base64'),
    signature: Buffer.from(signature, 'base64'),
    at: commit.at,
    result,
    leaves: absent,
    sealed,
    fates: null,
  }
}

function commitOf(
  key: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>,
  { manifest, signature, at, result, leaves }: KeptWaybill,
  lines: readonly KeptLine[],
): Commit {
  const { events, bytes, previous } = JSON.parse(manifest.toString('utf8')) as Manifest
  const all = new Map(leaves)
  for (const { position, line } of lines) all.set(position, leafHash(line))
  const positions = [...all.keys()].sort((a, b) => a - b)
  return {
    kind: 'waybill',
    ...key,
    hash: sha256(manifest),
    state: 'stored',
    at,
    events,
    bytes,
    body: {
      pins: {},
      former: [],
      closed: {},
      result,
      previous,
      manifest: manifest.toString('base64'),
      signature: signature.toString('base64'),
      leaves: Buffer.concat(positions.map((position) => all.get(position)!)).toString('base64'),
      // A store that has none of the lines any more may have none of their hashes.
      ...(positions.length < events && { positions }),
    },
  }
}
