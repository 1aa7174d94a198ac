import { chmodSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as z from 'zod'
import { LICENCES, licencesOf, publish } from '../build.ts'
import { commandOf } from './commands.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion.ts'
import { closureOf, type Lock, ROOT } from './lock.ts'
import { manualOf } from './manual.ts'
import type { Node } from './node.ts'
import type { Program } from './programs.ts'
import { billOfMaterials } from './sbom.ts'

/** The files of an installation, in a folder laid out like `/`. */
export interface Staged {
  readonly root: string
  readonly program: Program
  readonly sbom: string
}

export interface Staging {
  readonly program: Program
  readonly version: string
  readonly date: Date
  readonly lock: Lock
  readonly node: Node
  /** The versions of what is compiled into Node. */
  readonly nodeParts: Readonly<Record<string, string>>
  readonly root: string
}

export const folderOf = ({ name }: Program): string => `/usr/lib/${name}`

/** What a running program loads of another package: its sources, types, maps, tests and texts stay behind, and of a font all but the faces in use. */
const LOADED = /\.([cm]?js|json|wasm)$|-wght-normal\.woff2$/
const IDLE =
  /^(src|tests?|test-jest|benchmarks?|docs?|examples?|scripts|build\/(esm|esnext))\/|(eslint\.config\.js|tsconfig[\w.]*\.json)$/

/** Puts everything in its place but Node itself, which differs between processors. */
export async function stage({
  program,
  version,
  date,
  lock,
  node,
  nodeParts,
  root,
}: Staging): Promise<Staged> {
  const { name, part, settings } = program
  const place = (path: string): string => join(root, path)
  const write = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(dirname(place(path)), { recursive: true })
    writeFileSync(place(path), content)
    chmodSync(place(path), mode)
  }
  const folder = folderOf(program)
  const { bundled, apart } = await publish({ parts: [part], to: place(folder), version })
  const beside = closureOf(lock, apart)
  for (const one of beside) copyLoaded(join(ROOT, one), join(place(folder), one))

  const doc = `/usr/share/doc/${name}`
  const licences = `${licencesOf([...bundled, ...beside.map((one) => join(ROOT, one))])}\n${'-'.repeat(80)}\n\nnode ${node.version}\n\n${node.licence}`
  write(`${doc}/${LICENCES}`, licences)
  write(`${doc}/copyright`, textOf('copyright.txt'))
  write(`${doc}/${settings}`, readFileSync(join(ROOT, 'config', settings)))
  const places = [...bundled].map((one) => one.slice(ROOT.length + 1))
  const sbom = billOfMaterials({
    ...{ program, version, date, lock, node, nodeParts },
    places: [...new Set([...places, ...beside])].sort(),
  })
  write(`${doc}/sbom.cdx.json`, sbom)
  if (part === 'indexer')
    for (const page of globSync('docs/**/*.md', { cwd: place(folder) }))
      write(`${doc}/${page}`, readFileSync(join(place(folder), page)))
  for (const one of ['docs', 'README.md', 'LICENSE', LICENCES, `config/${settings}`])
    rmSync(join(place(folder), one), { recursive: true, force: true })

  const started = readFileSync(place(`${folder}/bin/${name}.js`), 'utf8')
  write(`/usr/bin/${name}`, launcher(program, started), 0o755)
  for (const file of [`${folder}/bin/${name}.js`, `${folder}/${part}/cli/main.js`])
    write(file, withoutFirstLine(readFileSync(place(file))))
  mkdirSync(place('/etc/waybill'), { recursive: true })
  write(`/usr/lib/systemd/system/${program.unit}`, readFileSync(join(ROOT, 'config/systemd', program.unit)))
  const command = await commandOf([name], program.declare)
  for (const [page, text] of manualOf(command, { version, date }))
    write(`/usr/share/man/man1/${page}.gz`, gzipSync(text, { level: 9 }))
  write(`/usr/share/bash-completion/completions/${name}`, bashCompletion(command))
  write(`/usr/share/zsh/vendor-completions/_${name}`, zshCompletion(command))
  write(`/usr/share/fish/vendor_completions.d/${name}.fish`, fishCompletion(command))
  return { root, program, sbom }
}

/** Nothing in a package is started by its own first line: the launcher starts Node. */
const SHEBANG = Buffer.from('#!')
const withoutFirstLine = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('\n') + 1)

const entrySchema = z.object({ main: z.string().default(''), exports: z.unknown().optional() })

function copyLoaded(from: string, to: string): void {
  const { main, exports } = entrySchema.parse(JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')))
  // A few begin in their sources.
  const fromSrc = /(^|["/])src\//.test(`${main} ${JSON.stringify(exports)}`)
  for (const file of globSync('**/*.{js,cjs,mjs,json,wasm,woff2}', { cwd: from })) {
    if (file.includes('node_modules/')) continue
    if (LOADED.test(file) && !IDLE.test(fromSrc ? file.replace(/^src\//, '') : file)) {
      mkdirSync(dirname(join(to, file)), { recursive: true })
      const bytes = readFileSync(join(from, file))
      writeFileSync(join(to, file), bytes.subarray(0, 2).equals(SHEBANG) ? withoutFirstLine(bytes) : bytes)
    }
  }
}

export const textOf = (file: string): string => readFileSync(join(import.meta.dirname, 'files', file), 'utf8')

/** A script with the names of its program. */
export function scriptOf(
  file: string,
  program: Program,
  more: Readonly<Record<string, string>> = {},
): string {
  const host = `${textOf('host.sh')}${textOf(`${program.part}-access.sh`)}`
  const { name, user, unit, title, settings, written, serve, setup } = program
  const values: Readonly<Record<string, string>> = {
    ...{ host, name, user, unit, title, settings, written, serve, setup, folder: folderOf(program), ...more },
  }
  const filled = (text: string): string =>
    text.replace(/@([a-z-]+)@/g, (_, key: string) => {
      const value = values[key]
      if (value === undefined) throw new Error(`${file} asks for @${key}@`)
      return key === 'host' ? filled(value) : value
    })
  return filled(textOf(file))
}

/** The command's own first line has the environment and the options that Node needs for it. */
function launcher(program: Program, started: string): string {
  const [, environment = '', options = ''] =
    /^#!\/usr\/bin\/env -S ((?:\w+=\S+ )*)node ?(.*)\n/.exec(started) ?? []
  return scriptOf('launcher.sh', program, { environment: `export ${environment.trim()}`, options })
}
