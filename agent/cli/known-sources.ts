import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { OperatorError } from '../../schema/index.ts'
import { matchingFiles } from '../inputs/index.ts'
import { examine, framingFor, loadIntegration, mostLikely } from '../normalise/index.ts'

/** What a host usually has to read, and where. */
interface Known {
  readonly what: string
  readonly paths: readonly string[]
  readonly integration: string
}

const rotated = (path: string): string[] => [path, `${path}.1`]

const KNOWN: readonly Known[] = [
  { what: 'sign-ins, sudo and users', paths: rotated('/var/log/auth.log'), integration: 'linux-auth' },
  {
    what: 'sign-ins, sudo and users',
    paths: ['/var/log/secure', '/var/log/secure-*'],
    integration: 'linux-auth',
  },
  { what: 'the audit daemon', paths: rotated('/var/log/audit/audit.log'), integration: 'auditd' },
  {
    what: 'requests to nginx',
    paths: rotated('/var/log/nginx/access.log'),
    integration: 'web-access',
  },
  { what: 'requests to Apache', paths: rotated('/var/log/apache2/access.log'), integration: 'web-access' },
  {
    what: 'requests to Apache',
    paths: ['/var/log/httpd/access_log', '/var/log/httpd/access_log-*'],
    integration: 'web-access',
  },
  {
    what: 'PostgreSQL',
    paths: ['/var/log/postgresql/*.csv', '/var/log/postgresql/*.json', '/var/lib/pgsql/data/log/*.csv'],
    integration: 'postgresql',
  },
  {
    what: 'the API of Kubernetes',
    paths: [...rotated('/var/log/kubernetes/audit.log'), '/var/log/kubernetes/audit/audit.log'],
    integration: 'kubernetes',
  },
  ...['strapi', 'creatio', 'clockify', 'connexcs', 'erp'].map((name) => ({
    what: `audit files of ${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    paths: [`/var/log/${name}/**/*.{jsonl,json,csv,log}`],
    integration: name,
  })),
]

/** Files that an agent could read, as one input. */
export interface Found {
  readonly what: string
  readonly paths: readonly string[]
  readonly integration: string
  /** The number of records in the files that are there, about; null where none may be read. */
  readonly records: number | null
  /** Why files can't be read, with the remedy; null if all can. */
  readonly closed: string | null
}

/** What is known on this host. `root`: the folder below which the host's files are, such as a mount in a container. */
export async function knownOn(root: string): Promise<Found[]> {
  const found: Found[] = []
  for (const { what, paths, integration } of KNOWN) {
    const here = paths.map((path) => join(root, path))
    const { files, problems } = await matchingFiles({ paths: here, exclude: [] })
    if (files.length === 0 && problems.length === 0) continue
    // A pattern that matches nothing now would be a line that nobody understands.
    const used = here.filter(
      (path) => isPattern(path) || files.includes(path) || problems.some((one) => one.path === path),
    )
    found.push(await foundAt({ what, paths: used, integration }, files, problems[0]?.problem ?? null))
  }
  return found
}

const isPattern = (path: string): boolean => /[*{]/.test(path)

/** A file that somebody names: the integration is the one that understands most of it. */
export async function namedFile(path: string): Promise<Found> {
  const { files, problems } = await matchingFiles({ paths: [path], exclude: [] })
  const [first] = files
  if (first === undefined)
    throw new OperatorError(
      'WB-FILE-MISSING',
      problems[0] === undefined
        ? `--file: there is no file ${path}: name one that is there, or write the input into agent.yml.`
        : `--file: ${path}: ${problems[0].problem}`,
    )
  const head = await headOf(first)
  const about = { path: first, timeZone: 'UTC', host: hostname(), now: Date.now() }
  const likely = await mostLikely(head, about)
  const generic = /^\s*[[{]/.test(head.toString('utf8', 0, 1024)) ? 'generic-json' : 'plain'
  return foundAt({ what: 'named by you', paths: [path], integration: likely?.name ?? generic }, files, null)
}

async function foundAt(
  { what, paths, integration }: Known,
  files: readonly string[],
  closed: string | null,
): Promise<Found> {
  let records: number | null = files.length === 0 ? null : 0
  for (const file of files) records = (records ?? 0) + (await recordsIn(file, integration))
  return { what, paths, integration, records, closed }
}

const HEAD_BYTES = 256 * 1024
/** Of a larger file the lines are estimated from this much of it. */
const COUNTED_BYTES = 64 * 1024 * 1024

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Counts the lines, and how many of them make a record at the beginning of the file. */
async function recordsIn(path: string, integration: string): Promise<number> {
  const { size } = await stat(path)
  if (size === 0) return 0
  const named = await loadIntegration(integration)
  const head = await headOf(path)
  const framing = framingFor(named)
  const about = { path, timeZone: 'UTC', host: hostname(), now: Date.now() }
  const read = examine(named, head, { ...about, framing }).filter(
    ({ outcome }) => outcome !== 'skipped',
  ).length
  if (head.length === size) return read
  const counted = Math.min(size, COUNTED_BYTES)
  let lines = 0
  for await (const chunk of createReadStream(path, { end: counted - 1 }))
    for (const byte of chunk as Buffer) if (byte === 10) lines++
  const inHead = head.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0)
  return Math.round((lines * (size / counted) * read) / Math.max(1, inHead))
}
