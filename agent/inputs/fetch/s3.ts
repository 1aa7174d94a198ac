import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Secret } from '../../../config/index.ts'
import { elementsOf, escaped, signed, textOf } from '../../../s3/index.ts'
import { sha256 } from '../../../schema/index.ts'
import { itemsIn, valueIn } from '../json-parts.ts'
import type { Ask } from './ask.ts'
import { type Cursor, expectPage, type Source } from './source.ts'

export interface S3Settings {
  readonly bucket: string
  readonly prefix: string
  readonly region: string
  /** The address of another store than Amazon's. */
  readonly endpoint: string | null
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret | null
  readonly since: number | null
}

/** Objects that one page of records comes from. */
const OBJECTS = 20
/** Names that are remembered of each folder: files that are written late have names among these. */
const WINDOW = 200
const MOST_UNPACKED = 256 * 1024 * 1024
const EMPTY = sha256('')

/** Where the fetcher is in one folder: all objects up to `after` are done, and of those behind it the ones that were seen. */
interface Folder {
  readonly after: string
  /** Short hashes of their names. */
  readonly seen: readonly string[]
}

const unpacked = promisify(gunzip)

/**
 * The files of a CloudTrail trail: one folder for each region, and in it files whose names begin with day and time. Files may be written
 * a little later than others with a later name, so the last names of each folder are listed again.
 */
export function cloudTrailSource(settings: S3Settings): Source {
  const { bucket, prefix, region, endpoint, since } = settings
  const base = new URL(endpoint ?? `https://${bucket}.s3.${region}.amazonaws.com`)
  if (endpoint !== null) base.pathname = `/${escaped(bucket)}`
  const from = `${base.host}/${bucket}`
  const rights = `Allow s3:ListBucket on ${bucket} and s3:GetObject below ${prefix === '' ? 'it' : prefix}.`

  async function get(ask: Ask, now: number, key: string, query: Readonly<Record<string, string>>) {
    const url = new URL(base)
    const path = key.split('/').map(escaped).join('/')
    if (key !== '') url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
    url.search = Object.entries(query)
      .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
      .join('&')
    const credentials = {
      accessKeyId: settings.accessKeyId.reveal(),
      secretAccessKey: settings.secretAccessKey.reveal(),
      sessionToken: settings.sessionToken?.reveal() ?? null,
    }
    const unsigned = { method: 'GET', url, headers: {}, digest: EMPTY }
    const headers = signed(unsigned, credentials, { region, service: 's3', now })
    return expectPage(await ask(url, { headers }), { from, rights }, now)
  }

  const list = async (ask: Ask, now: number, query: Readonly<Record<string, string>>): Promise<string> =>
    (await get(ask, now, '', { 'list-type': '2', ...query })).body.toString('utf8')

  async function folders(ask: Ask, now: number): Promise<string[]> {
    const found: string[] = []
    for (let token: string | null = ''; token !== null; ) {
      const more = token === '' ? {} : { 'continuation-token': token }
      const xml = await list(ask, now, { prefix, delimiter: '/', ...more })
      for (const one of elementsOf(xml, 'CommonPrefixes')) found.push(textOf(one, 'Prefix') ?? '')
      token = textOf(xml, 'NextContinuationToken')
    }
    return found.length === 0 ? [prefix] : found
  }

  return {
    from,
    page: async (cursor, ask, now) => {
      const began = typeof cursor?.began === 'number' ? cursor.began : (since ?? now)
      const known = foldersIn(cursor)
      const at = (): Cursor => ({ began, folders: known })
      for (const folder of await folders(ask, now)) {
        const place = known[folder] ?? { after: `${folder}${dayPath(began)}`, seen: [] }
        const xml = await list(ask, now, { prefix: folder, 'start-after': place.after, 'max-keys': '1000' })
        const keys = elementsOf(xml, 'Contents').flatMap((one) => textOf(one, 'Key') ?? [])
        const seen = new Set(place.seen)
        const isFresh = (key: string): boolean => isTrail(key) && !seen.has(shortOf(key))
        const taken = keys.filter(isFresh).slice(0, OBJECTS)
        const records: Buffer[] = []
        for (const key of taken) records.push(...(await recordsOf((await get(ask, now, key, {})).body)))
        const done = keys.filter((key) => taken.includes(key) || !isFresh(key))
        known[folder] = placeAfter(place, keys, done)
        if (taken.length > 0) return { records, cursor: at(), more: true }
      }
      return { records: [], cursor: at(), more: false }
    },
  }
}

const isTrail = (key: string): boolean => /\.json(?:\.gz)?$/.test(key)
const dayPath = (time: number): string => `${new Date(time).toISOString().slice(0, 10).replaceAll('-', '/')}/`
const shortOf = (key: string): string => createHash('sha256').update(key).digest('base64url').slice(0, 11)

/** Moves on behind the names that are done without a gap, but for the last ones. */
function placeAfter(place: Folder, keys: readonly string[], done: readonly string[]): Folder {
  const without = keys.findIndex((key) => !done.includes(key))
  const whole = without === -1 ? keys.length : without
  const passed = Math.max(0, whole - WINDOW)
  const after = passed === 0 ? place.after : keys[passed - 1]!
  return { after, seen: done.filter((key) => key > after).map(shortOf) }
}

function foldersIn(cursor: Cursor | null): Record<string, Folder> {
  return { ...(cursor?.folders as Readonly<Record<string, Folder>> | undefined) }
}

/** What can't be unpacked or read is kept as it is, and its event says that it was not understood. */
async function recordsOf(body: Buffer): Promise<Buffer[]> {
  const isPacked = body[0] === 0x1f && body[1] === 0x8b
  try {
    const bytes = isPacked ? await unpacked(body, { maxOutputLength: MOST_UNPACKED }) : body
    JSON.parse(bytes.toString('utf8'))
    const records = valueIn(bytes, ['Records'])
    return records === null ? [bytes] : itemsIn(records)
  } catch {
    return [body]
  }
}
