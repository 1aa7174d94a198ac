import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { codeOf, isRecord, OperatorError, reasonOf } from '../../schema/index.ts'
import { isSealed, openSecretBox, type SecretBox, writeDurably } from '../ingest/index.ts'
import type { DeadLetter, Page, Records, Store, StoreSource } from '../store/port.ts'
import { KIND } from './marks.ts'

/**
 * Records that belong to a store rather than to what it holds. All others go with the events, those of later versions too:
 *
 * - `move`: the marks of moves
 * - `expiry`: intents to remove a partition of this name; the target's partitions have other names
 * - `setup`: the options of the last `waybill setup` of a cluster
 * - `archive-lease`, `archive-partition`: which process archives, and which partitions of this name are archived
 * - `restore`: what is restored into stores beside this one
 * - `alert-engine-lease`: which process runs the alert rules
 * - `alert-engine`: how far these have come, as a cursor of the store; `copyEnginePlace` translates it
 */
const OF_PLACE: ReadonlySet<string> = new Set([
  KIND,
  'expiry',
  'setup',
  'alert-engine-lease',
  'alert-engine',
  'archive-lease',
  'archive-partition',
  'restore',
])
export const isOfPlace = (kind: string): boolean => OF_PLACE.has(kind)

/** The indexer's own folder, and the setting that names the key of its secrets. */
export interface IndexerFolder {
  readonly folder: string
  readonly secretsKey: string | null
}

/** The indexer's identity, and the password of the first admin as long as nobody has changed it. */
const FILES = ['indexer-key.pem', 'first-sign-in'] as const

/** Copies the identity of the indexer: its own events continue its chain. */
export async function copyFiles(from: IndexerFolder, to: IndexerFolder): Promise<void> {
  for (const name of FILES) {
    const content = await contentOf(join(from.folder, name))
    const there = await contentOf(join(to.folder, name))
    if (content === null || content === there) continue
    if (there !== null)
      throw new OperatorError(
        'WB-MOVE-REFUSED',
        `${join(to.folder, name)} is of another indexer: name a folder of its own in the configuration of the target`,
      )
    await writeDurably(to.folder, join(to.folder, name), content)
  }
}

async function contentOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null
    throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(thrown)}`, {
      cause: thrown,
    })
  }
}

/** Makes the records of the target those of the source; returns how many there are. Secrets are encrypted with the target's own key. */
export async function copyRecords(
  source: Pick<StoreSource, 'records'>,
  target: Pick<Store, 'records'>,
  boxes: { readonly from: SecretBox; readonly to: SecretBox },
): Promise<number> {
  const kinds = new Set([...(await source.records.kinds()), ...(await target.records.kinds())])
  let count = 0
  for (const kind of kinds) {
    if (isOfPlace(kind)) continue
    const there = new Map((await target.records.list(kind)).map((record) => [record.key, record]))
    for (const { key, value } of await source.records.list(kind)) {
      count++
      const known = there.get(key)
      there.delete(key)
      const opened = known === undefined ? null : opening(known.value, kind, key, boxes.to)
      if (known !== undefined && isDeepStrictEqual(opened, opening(value, kind, key, boxes.from))) continue
      await putRecord(target.records, kind, key, resealed(value, kind, key, boxes), known?.version ?? null)
    }
    for (const key of there.keys()) await target.records.remove(kind, key)
  }
  return count
}

async function putRecord(
  records: Records,
  kind: string,
  key: string,
  value: unknown,
  version: number | null,
): Promise<void> {
  if (await records.put(kind, key, value, version)) return
  throw new OperatorError(
    'WB-MOVE-REFUSED',
    `the record ${kind} ${key} of the target was changed by somebody else: stop the indexer that runs on it`,
  )
}

/** Names records that differ. */
export async function differingRecords(
  source: Pick<StoreSource, 'records'>,
  target: Pick<StoreSource, 'records'>,
  boxes: { readonly from: SecretBox; readonly to: SecretBox },
): Promise<string[]> {
  const differing: string[] = []
  const kinds = new Set([...(await source.records.kinds()), ...(await target.records.kinds())])
  for (const kind of [...kinds].sort()) {
    if (isOfPlace(kind)) continue
    const there = new Map((await target.records.list(kind)).map(({ key, value }) => [key, value]))
    for (const { key, value } of await source.records.list(kind)) {
      const is = opening(there.get(key), kind, key, boxes.to)
      if (!isDeepStrictEqual(is, opening(value, kind, key, boxes.from))) differing.push(`${kind} ${key}`)
      there.delete(key)
    }
    differing.push(...[...there.keys()].map((key) => `${kind} ${key}`))
  }
  return differing
}

export async function boxesOf(
  from: IndexerFolder,
  to: IndexerFolder,
): Promise<{ readonly from: SecretBox; readonly to: SecretBox }> {
  const open = ({ folder, secretsKey }: IndexerFolder): Promise<SecretBox> =>
    openSecretBox({ folder, setting: secretsKey, random: randomBytes })
  return { from: await open(from), to: await open(to) }
}

/** Encrypted texts name where they are: in a user's record the user. */
const contextOf = (kind: string, key: string): string => (kind === 'user' ? `second-factor/${key}` : kind)

function resealed(
  value: unknown,
  kind: string,
  key: string,
  boxes: { readonly from: SecretBox; readonly to: SecretBox },
): unknown {
  const context = contextOf(kind, key)
  return mapTexts(value, (text) => {
    if (!isSealed(text)) return text
    const secret = boxes.from.open(text, context)
    if (secret === null)
      throw new OperatorError(
        'WB-MOVE-REFUSED',
        `a secret in the record ${kind} ${key} can't be decrypted: secrets-key of the source is another than the one that encrypted it`,
      )
    return boxes.to.seal(secret, context)
  })
}

/** The value with its secrets as they are: an encrypted text differs each time. */
const opening = (value: unknown, kind: string, key: string, box: SecretBox): unknown =>
  mapTexts(value, (text) =>
    isSealed(text) ? ['secret', box.open(text, contextOf(kind, key))?.toString('base64') ?? null] : text,
  )

function mapTexts(value: unknown, of: (text: string) => unknown): unknown {
  if (typeof value === 'string') return of(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, of))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, of)]))
}

const LETTERS = 200

async function* lettersOf(store: Pick<StoreSource, 'deadLetters'>): AsyncGenerator<DeadLetter> {
  let after: string | undefined
  do {
    const page = await store.deadLetters.list({ limit: LETTERS, ...(after !== undefined && { after }) })
    yield* page.letters
    after = page.next ?? undefined
  } while (after !== undefined)
}

const letterKey = ({ agent, incarnation, sequence, position }: DeadLetter): string =>
  `${agent}/${incarnation}/${sequence}/${position}`

/** Makes the dead letters of the target those of the source; returns how many there are. */
export async function copyLetters(
  source: Pick<StoreSource, 'deadLetters'>,
  target: Pick<Store, 'deadLetters'>,
): Promise<number> {
  const there = new Map<string, string>()
  for await (const letter of lettersOf(target)) there.set(letterKey(letter), letter.id)
  const wanted = new Set<string>()
  let batch: DeadLetter[] = []
  // The newest come first, and a store gives them numbers in the order in which they are put.
  for await (const letter of lettersOf(source)) {
    wanted.add(letterKey(letter))
    if (!there.has(letterKey(letter))) batch.push(letter)
    if (batch.length < LETTERS) continue
    await target.deadLetters.put(batch.reverse())
    batch = []
  }
  await target.deadLetters.put(batch.reverse())
  for (const [key, id] of there) if (!wanted.has(key)) await target.deadLetters.discard(id)
  return wanted.size
}

const ENGINE = ['alert-engine', 'place'] as const
const ALL = { kind: 'all' } as const
const EVENTS = 1000

/**
 * Lets the alert rules continue in the target after the last event that they judged in the source. Cursors of arrivals mean something only
 * in their own store, but both list the events in the same order: as many are left in the one as in the other.
 */
export async function copyEnginePlace(source: Store, target: Store): Promise<void> {
  const record = await source.records.get(...ENGINE)
  const after = isRecord(record?.value) ? record.value.after : undefined
  if (record === null || typeof after !== 'string') return
  const left = await countFrom(source, after)
  const there = left === 0 ? await target.arrivalsEnd() : await cursorBefore(target, left)
  const known = await target.records.get(...ENGINE)
  if (there === null) await target.records.remove(...ENGINE)
  else
    await putRecord(
      target.records,
      ...ENGINE,
      { ...(record.value as object), after: there },
      known?.version ?? null,
    )
}

async function countFrom(store: Store, after: string | null): Promise<number> {
  let count = 0
  for (let at = after; ; ) {
    const { events, next } = await store.arrivals({ query: ALL, after: at, limit: EVENTS })
    count += events.length
    if (next === null || next === at) return count
    at = next
  }
}

/** Returns the cursor before the last events; null if these are all. */
async function cursorBefore(store: Store, last: number): Promise<string | null> {
  let left = (await countFrom(store, null)) - last
  let at: string | null = null
  while (left > 0) {
    const page: Page = await store.arrivals({ query: ALL, after: at, limit: Math.min(EVENTS, left) })
    if (page.next === null || page.next === at) break
    left -= page.events.length
    at = page.next
  }
  return at
}
