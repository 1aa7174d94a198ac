import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beside, closest, parseConfig } from '../../../config/index.ts'
import { codeOf, type FieldName, OperatorError, reasonOf, sha256 } from '../../../schema/index.ts'
import type { ChangeNames, Integration } from './integration.ts'
import { type IntegrationFile, integrationSchema } from './integration-file.ts'

/** The folder of the integrations that come with Waybill. */
export const INTEGRATIONS: string = fileURLToPath(new URL('../../../integrations', import.meta.url))

const NO_CHANGES: ChangeNames = {
  list: [],
  before: [],
  after: [],
  field: [],
  text: [],
  pairs: [],
  emptyIsUnknown: false,
  unchanged: null,
  item: { field: [], old: [], new: [] },
}
const MESSAGE: readonly (readonly FieldName[])[] = [
  ['user.name', 'user.email', 'user.id'],
  ['event.action'],
  ['audit.entity.type'],
  ['audit.entity.id', 'audit.entity.name'],
]

/** Fields in which sources say in words what failed: `login_failed`, `ACCESS_DENIED`. */
const OUTCOME: readonly string[] = ['event.action', 'event.code']

/** Loads an integration by the name of its folder, or by the path of a file; any fault in it is an OperatorError. */
export async function loadIntegration(nameOrPath: string): Promise<Integration> {
  return load(nameOrPath, [])
}

/** An integration from the text of its file. */
export const integrationFrom = (file: string, text: string): Integration => made(read(file, text), [file])

function load(nameOrPath: string, within: readonly string[]): Integration {
  const file = fileOf(nameOrPath)
  if (within.includes(file)) {
    throw new OperatorError(
      'WB-CONFIG-INVALID',
      `${file}: like: forms a loop (${[...within, file].join(' -> ')}).`,
    )
  }
  return made(saidIn(file, readIntegration(file, nameOrPath)), [...within, file])
}

/** A command asks for the same integration several times. The weak references let unused ones be collected. */
const known = new Map<string, { readonly sha256: string; readonly said: WeakRef<IntegrationFile> }>()

function saidIn(file: string, text: string): IntegrationFile {
  const hash = sha256(text)
  const ahead = readBefore(file, hash)
  if (ahead !== null) return ahead
  const before = known.get(file)
  const same = before?.sha256 === hash ? before.said.deref() : undefined
  if (same !== undefined) return same
  const said = read(file, text)
  known.set(file, { sha256: hash, said: new WeakRef(said) })
  return said
}

/** `within` are the files that refer to it, with its own as the last. */
function made(said: IntegrationFile, within: readonly string[]): Integration {
  const named = (name: string): string => (isIntegrationPath(name) ? beside(within.at(-1)!, name) : name)
  const base = said.like === undefined ? null : load(named(said.like), within)
  return {
    name: said.name,
    title: said.title,
    like: said.like ?? null,
    formats: said.formats ?? (said.format === undefined ? [] : [said.format]),
    records: said.records ?? [],
    join: said.join ?? null,
    envelope: said.envelope ?? null,
    audit: said.audit === undefined ? null : load(named(said.audit), within),
    dataset: said.dataset ?? base?.dataset ?? null,
    category: said.category ?? base?.category ?? 'activity',
    identity: said.identity ?? [],
    csv: { delimiter: said.csv?.delimiter ?? null, columns: said.csv?.columns ?? [] },
    kv: { between: said.kv?.between ?? null, assign: said.kv?.assign ?? '=' },
    patterns: said.patterns ?? [],
    unpack: [...said.unpack, ...(base?.unpack ?? [])],
    keep: [...said.keep, ...(base?.keep ?? [])],
    extract: [...said.extract, ...(base?.extract ?? [])],
    fields: [...said.fields, ...(base?.fields ?? [])],
    captions: [...said.captions, ...(base?.captions ?? [])],
    columns: [],
    changes: changesOf(said.changes) ?? base?.changes ?? NO_CHANGES,
    events: [...said.events, ...(base?.events ?? [])],
    lookups: [...said.lookups, ...(base?.lookups ?? [])],
    set: [...said.set, ...(base?.set ?? [])],
    message: said.message ?? base?.message ?? MESSAGE,
    outcome: said.outcome ?? base?.outcome ?? OUTCOME,
    mask: {
      names: [...said.mask.names, ...(base?.mask.names ?? [])],
      patterns: { ...base?.mask.patterns, ...said.mask.patterns },
      keep: [...said.mask.keep, ...(base?.mask.keep ?? [])],
    },
  }
}

const read = (file: string, text: string): IntegrationFile => parseConfig(text, file, integrationSchema)

/** The parsed content of a file, with the hash of the file. */
interface Read {
  readonly sha256: string
  readonly said: IntegrationFile
}

/**
 * The result that `npm run build` writes beside each file, so that a start does not parse YAML, which takes a third of its time. If the
 * file has changed since, the file itself is read.
 */
export function readAhead(file: string): { readonly path: string; readonly content: string } {
  const text = readFileSync(file, 'utf8')
  const ahead: Read = { sha256: sha256(text), said: read(file, text) }
  return { path: aheadOf(file), content: JSON.stringify(ahead) }
}

function readBefore(file: string, hash: string): IntegrationFile | null {
  let before: Read
  try {
    before = JSON.parse(readFileSync(aheadOf(file), 'utf8')) as Read
  } catch {
    return null
  }
  return before.sha256 === hash ? before.said : null
}

const aheadOf = (file: string): string => file.replace(/\.ya?ml$/, '.read.json')

function changesOf(said: IntegrationFile['changes']): ChangeNames | undefined {
  if (said === undefined) return undefined
  const { empty, unchanged = null, ...names } = said
  return { ...names, emptyIsUnknown: empty === 'unknown', unchanged }
}

/** Whether an integration is named by a path, and not by the name of one that comes with Waybill. */
export const isIntegrationPath = (name: string): boolean => /[\\/]|\.ya?ml$/.test(name)

function fileOf(nameOrPath: string): string {
  return isIntegrationPath(nameOrPath)
    ? resolve(nameOrPath)
    : join(INTEGRATIONS, nameOrPath, 'integration.yml')
}

function readIntegration(file: string, nameOrPath: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new OperatorError(
        'WB-INTEGRATION-UNKNOWN',
        `There is no integration ${nameOrPath} (${file})${hint(nameOrPath)}. Known are: ${shipped().join(', ')}; or name the path of an integration.yml.`,
      )
    }
    throw new OperatorError(
      'WB-FILE-UNREADABLE',
      `The integration ${file} can't be read: ${reasonOf(error)}`,
      { cause: error },
    )
  }
}

function hint(name: string): string {
  const near = closest(name, shipped())
  return near === undefined ? '' : `; did you mean ${near}`
}

function shipped(): string[] {
  return readdirSync(INTEGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
