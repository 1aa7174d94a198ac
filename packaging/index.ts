/**
 * `npm run package` makes what is installed on hosts: for each program and processor a .deb, an .rpm, and an archive with an installer, with a bill of
 * materials, and checksums that a key may sign. The same commit gives the same bytes wherever and whenever it is built.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { VERSION } from '../config/version.ts'
import { BuildError } from './error.ts'
import { FORMATS, type Format, findNfpm, systemPackage, tarball } from './formats.ts'
import { ROOT, readLock } from './lock.ts'
import { nodeFor, PROCESSORS, type Processor } from './node.ts'
import { PROGRAMS } from './programs.ts'
import { type KeyPair, readKey, signed } from './sign.ts'
import { folderOf, stage } from './stage.ts'

export interface Packaging {
  /** The folder for the results. */
  readonly to: string
  readonly programs?: readonly string[]
  readonly processors?: readonly Processor[]
  readonly version?: string
  /** The time that all files bear. */
  readonly date: Date
  readonly key?: KeyPair
  readonly formats?: readonly Format[]
  readonly said?: (line: string) => void
}

/** Makes the packages; returns the names of the files. */
export async function makePackages(given: Packaging): Promise<string[]> {
  const {
    formats = FORMATS,
    to,
    date,
    key,
    version = VERSION,
    processors = PROCESSORS,
    said = () => undefined,
  } = given
  const programs = PROGRAMS.filter(({ name }) => given.programs?.includes(name) ?? true)
  const lock = readLock()
  const nfpm = formats.every((format) => format === 'tar') ? '' : findNfpm()
  const scratch = mkdtempSync(join(tmpdir(), 'waybill-package-'))
  mkdirSync(to, { recursive: true })
  const files: string[] = []
  try {
    const nodes = new Map(processors.map((processor) => [processor, nodeFor(processor, lock)]))
    const [node] = nodes.values()
    if (node === undefined) throw new BuildError('Name at least one processor.')
    for (const program of programs) {
      const root = join(scratch, program.name)
      const nodeParts = JSON.parse(
        execFileSync(process.execPath, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
      )
      const staged = await stage({ program, version, date, lock, node, nodeParts, root })
      const bill = join(to, `${program.name}-${version}.cdx.json`)
      writeFileSync(bill, staged.sbom)
      files.push(bill)
      for (const [processor, { program: binary }] of nodes) {
        writeFileSync(join(root, folderOf(program), 'node'), binary, { mode: 0o755 })
        const made = { staged, processor, version, date, to, scratch }
        for (const format of formats)
          files.push(format === 'tar' ? tarball(made) : systemPackage(made, format, nfpm))
        said(`${program.name} ${version} for ${processor}`)
      }
      rmSync(root, { recursive: true })
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  const sums = files
    .map((path) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${basename(path)}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .join('')
  writeFileSync(join(to, 'SHA256SUMS'), sums)
  if (key !== undefined) writeFileSync(join(to, 'SHA256SUMS.sig'), signed(Buffer.from(sums), key))
  return [
    ...files.map((path) => basename(path)),
    'SHA256SUMS',
    ...(key === undefined ? [] : ['SHA256SUMS.sig']),
  ]
}

/** The time of the commit, so that two builds of it are the same. */
function dateOfCommit(): Date {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined) return new Date(Number(given) * 1000)
  try {
    const seconds = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return new Date(Number(seconds) * 1000)
  } catch {
    throw new BuildError(
      'The files of a package bear the time of the commit, and this is no checkout of git: set SOURCE_DATE_EPOCH to a time in seconds.',
    )
  }
}

/** What an option names, all that there is if it names nothing. */
function chosen<T extends string>(
  option: string,
  given: readonly string[] | undefined,
  all: readonly T[],
): readonly T[] {
  if (given === undefined) return all
  return given.map((text) => {
    const one = all.find((known) => known === text)
    if (one === undefined) throw new BuildError(`--${option} is ${text}: name ${all.join(' or ')}.`)
    return one
  })
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        to: { type: 'string', default: 'packages' },
        program: { type: 'string', multiple: true },
        processor: { type: 'string', multiple: true },
        format: { type: 'string', multiple: true },
        version: { type: 'string' },
        key: { type: 'string' },
      },
    })
    const processors = chosen('processor', values.processor, PROCESSORS)
    const formats = chosen('format', values.format, FORMATS)
    const names = PROGRAMS.map(({ name }) => name)
    const programs = chosen('program', values.program, names)
    const to = resolve(ROOT, values.to)
    const files = await makePackages({
      to,
      date: dateOfCommit(),
      said: (line) => console.log(line),
      ...{ processors, formats, programs },
      ...(values.version !== undefined && { version: values.version }),
      ...(values.key !== undefined && { key: readKey(values.key) }),
    })
    console.log(`${files.length} files in ${to}:\n${files.map((file) => `  ${file}`).join('\n')}`)
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
