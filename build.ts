import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Plugin, rolldown } from 'rolldown'
import { readAhead } from './agent/normalise/index.ts'
import { buildConsole } from './dashboards/console/build.ts'
import { check } from './test/published.ts'
import { places } from './test/threads.ts'

/**
 * `npm run build` makes what is published: dist/, a package of its own with the commands, the integrations and the config files. The
 * code is put together in a few files, with what it needs of other packages: a start takes a third of the time, and the agent 20 MB
 * less, than with hundreds of files. With `--check` it also starts the commands out of it, and fails where they don't; with `--to` it makes another
 * folder than dist/.
 */
const ROOT = import.meta.dirname

/** Fonts have a package for each script. */
const FONTS = ['', '-mono', '-arabic', '-hebrew', '-sc', '-jp', '-kr'].map(
  (part) => `@fontsource-variable/noto-sans${part}`,
)
const LAUNCHED = /'\.\.\/((?:agent|indexer)\/cli\/main)\.ts'/

/** The two programs, which are published together or each alone. */
export type Part = 'agent' | 'indexer'

interface Content {
  readonly command: string
  /** What is started by name: the command's main file and the threads. */
  readonly entries: readonly string[]
  /** Packages that start or load files of their own by path, that ask for their folder as CommonJS does, or that few installations load. */
  readonly apart: readonly string[]
  readonly carried: readonly string[]
}

const CONTENT: Readonly<Record<Part, Content>> = {
  agent: {
    command: 'waybill-agent',
    entries: ['agent/cli/main', 'agent/normalise/batch/worker'],
    apart: ['piscina'],
    carried: ['agent/**/*.wasm', 'config/agent.yml'],
  },
  indexer: {
    command: 'waybill',
    entries: [
      'indexer/cli/main',
      'indexer/ingest/worker',
      'indexer/reports/writers/thread',
      ...['writer', 'reader', 'merger'].map((name) => `indexer/store/embedded/threads/${name}`),
    ],
    apart: [
      'piscina',
      'fastify',
      '@elastic/elasticsearch',
      'harfbuzzjs',
      'wawoff2',
      '@fontsource-variable/noto-emoji',
      ...FONTS,
    ],
    carried: [
      'indexer/**/*.wasm',
      'config/*.yml',
      'config/{controls,reports,rules,sigma}/**/*.yml',
      'dashboards/console/built/**/*.*',
      'dashboards/kibana/*.ndjson',
      'docs/**/*.{md,png}',
    ],
  },
}
/** What both need. */
const SHARED = [
  'bin/node26.js',
  'schema/**/*.wasm',
  'integrations/**/integration.yml',
  'LICENSE',
  'README.md',
]
const ofAll = (parts: readonly Part[], key: 'entries' | 'apart' | 'carried'): string[] => [
  ...new Set(parts.flatMap((part) => CONTENT[part][key])),
]
export const LICENCES = 'THIRD-PARTY-LICENCES.txt'
/** Stands for the way from a built file back to the package's root. */
const TO_ROOT = '@to-root@'

interface Package {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const readPackage = (): Package => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Files that the code finds beside itself are found beside where it stood, not beside what it was put together into. */
const placesInPackage: Plugin = {
  ...places((id) => {
    const stood = `${TO_ROOT}/${relative(ROOT, id).replace(/\.ts$/, '.js')}`
    return `new URL(${JSON.stringify(stood)}, import.meta.url).href`
  }),
  renderChunk(code, { fileName }) {
    return code.replaceAll(TO_ROOT, relative(dirname(fileName), '.') || '.')
  },
}

/**
 * How wide help texts are on a terminal, of letters that are one column wide, as all of ours are. The package that yargs asks loads ICU
 * at once: 12 MB of an idle agent, and 50 ms of each command.
 */
const narrowLetters: Plugin = {
  name: 'narrow-letters',
  resolveId: (id) => (id === 'string-width' ? '\0string-width' : null),
  load: (id) =>
    id === '\0string-width'
      ? `import { stripVTControlCharacters } from 'node:util'
         export default (text) => stripVTControlCharacters(text).length`
      : null,
}

/** Parts of the HTTP client that are never used here: HTTP/2, which would load node:http2 and TLS on the chance, and its other parser. */
const NEVER = /\/undici\/lib\/(dispatcher\/client-h2|milo\/(no-)?simd)\.js$/
const unused: Plugin = {
  name: 'unused',
  load: { filter: { id: NEVER }, handler: () => 'module.exports = null' },
}

/**
 * An import of a part of Node reads every property of it, and loads what waits behind them: all of fetch behind node:http, the test
 * reporter's diffs behind node:util. Taken so, an idle agent is 15 MB smaller.
 */
const wholeParts: Plugin = {
  name: 'parts',
  renderChunk: (code) =>
    code.replace(
      /^import (?:\* as (\w+)|(\w+)|(\{[^}]*\})) from "([\w/:]+)";$/gm,
      (line, whole: string | undefined, main: string | undefined, names: string | undefined, from: string) =>
        isBuiltin(from)
          ? `const ${whole ?? main ?? names?.replaceAll(' as ', ': ')} = process.getBuiltinModule("${from}");`
          : line,
    ),
}

/** One letter outside Latin-1 has V8 keep a whole file at two bytes a letter for as long as it runs. */
const latin: Plugin = {
  name: 'latin',
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      if (part.type === 'chunk') part.code = part.code.replace(/[^\0-\xff]/g, escaped)
    }
  },
}
const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Puts the code together; the folders of other packages that came to be part of it. */
async function bundle(parts: readonly Part[], to: string): Promise<ReadonlySet<string>> {
  const build = await rolldown({
    cwd: ROOT,
    platform: 'node',
    input: Object.fromEntries(ofAll(parts, 'entries').map((name) => [name, `${name}.ts`])),
    external: ofAll(parts, 'apart').map((name) => new RegExp(`^${name}(/|$)`)),
    plugins: [placesInPackage, narrowLetters, unused, wholeParts, latin],
  })
  const { output } = await build.write({
    dir: to,
    format: 'esm',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: '[name].js',
    chunkFileNames: 'code/[name]-[hash].js',
  })
  const packages = new Set<string>()
  for (const chunk of output) {
    if (chunk.type !== 'chunk') continue
    for (const id of chunk.moduleIds) {
      const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)
      if (found !== null) packages.add(found[0].replace(/^\0/, ''))
    }
  }
  return packages
}

/** The authors of packages, and their terms. */
export function licencesOf(folders: Iterable<string>): string {
  const terms = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = globSync('{LICEN[CS]E,licen[cs]e}*', { cwd: folder })[0]
    const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
    return `${name} ${version} (${license})\n${text}`
  })
  return terms.join(`\n${'-'.repeat(80)}\n\n`)
}

function writeLaunchers(pack: Package, parts: readonly Part[], to: string): void {
  for (const path of Object.values(binOf(pack, parts))) {
    const text = readFileSync(join(ROOT, path), 'utf8')
    if (!text.startsWith('#!/usr/bin/env ') || !LAUNCHED.test(text))
      throw new Error(
        `${path} is a command, but does not begin with #!/usr/bin/env, or does not start a main file`,
      )
    const file = join(to, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text.replace(LAUNCHED, "'../$1.js'"))
    chmodSync(file, 0o755)
  }
}

const binOf = ({ bin }: Package, parts: readonly Part[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(bin).filter(([name]) => parts.some((part) => CONTENT[part].command === name)),
  )

function carryData(parts: readonly Part[], to: string): void {
  for (const file of globSync([...SHARED, ...ofAll(parts, 'carried')], { cwd: ROOT }))
    cpSync(join(ROOT, file), join(to, file))
}

function readIntegrations(to: string): void {
  for (const file of globSync('integrations/*/integration.yml', { cwd: to })) {
    const { path, content } = readAhead(join(to, file))
    writeFileSync(path, content)
  }
}

function writePackage(pack: Package, parts: readonly Part[], to: string): void {
  const { name, version, description, license, type } = pack
  const dependencies = Object.fromEntries(
    ofAll(parts, 'apart').map((part) => [part, pack.dependencies[part]]),
  )
  const engines = { node: '>=26' }
  const bin = binOf(pack, parts)
  const published = { name, version, description, license, type, engines, bin, dependencies }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
}

export interface Published {
  readonly parts: readonly Part[]
  readonly to: string
  /** Another version than that of package.json. */
  readonly version?: string
}

/** Makes the published form of one program or of both in a folder; returns the folders of packages that are in it, and the names of those that it needs beside it. */
export async function publish({
  parts,
  to,
  version,
}: Published): Promise<{ bundled: ReadonlySet<string>; apart: readonly string[] }> {
  const own = readPackage()
  const pack = { ...own, version: version ?? own.version }
  rmSync(to, { recursive: true, force: true })
  const packages = await bundle(parts, to)
  if (parts.includes('indexer')) await buildConsole()
  carryData(parts, to)
  readIntegrations(to)
  writeFileSync(join(to, LICENCES), licencesOf(packages))
  writeLaunchers(pack, parts, to)
  writePackage(pack, parts, to)
  return { bundled: packages, apart: ofAll(parts, 'apart') }
}

if (import.meta.main) {
  const { values: asked } = parseArgs({
    options: { check: { type: 'boolean', default: false }, to: { type: 'string', default: 'dist' } },
  })
  const dist = resolve(ROOT, asked.to)
  await publish({ parts: ['agent', 'indexer'], to: dist })
  if (asked.check) await check(dist)
  console.log(`Built ${readPackage().name} ${readPackage().version} in ${dist}.`)
}
