import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildConsole } from './dashboards/console/build.ts'

/**
 * `npm run build` makes what is published: dist/, a package of its own with compiled .js, .d.ts, the integrations and
 * the config files. With `--check` it also starts the commands out of it, and fails where they don't.
 */
const ROOT = import.meta.dirname
const DIST = join(ROOT, 'dist')
const NAMES_TS = /((?:\bfrom|\bimport\(|\bimport|new URL\()\s*['"]\.[^'"\n]*)\.ts(['"])/g
const CARRIED = [
  'agent/**/*.wasm',
  'indexer/**/*.wasm',
  'integrations/**/integration.yml',
  'config/**/*.{yml,service}',
  'dashboards/console/built/**/*.*',
  'dashboards/kibana/*.ndjson',
  'docs/*.md',
  'LICENSE',
  'README.md',
]

interface Package {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly engines: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const readPackage = (): Package => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/**
 * The compiler rewrites the endings of imports in what it compiles. Ours to rewrite are the launchers, which are JavaScript
 * already, and the files that workers are started from, which stand in URLs.
 */
function rewriteEndings(): void {
  cpSync(join(ROOT, 'bin'), join(DIST, 'bin'), { recursive: true })
  for (const file of globSync('{agent,bin,config,dashboards,indexer,schema}/**/*.js', { cwd: DIST })) {
    const path = join(DIST, file)
    const text = readFileSync(path, 'utf8')
    const rewritten = text.replaceAll(NAMES_TS, (_, before: string, after: string) => `${before}.js${after}`)
    if (rewritten !== text) writeFileSync(path, rewritten)
  }
}

function carryData(): void {
  for (const file of globSync(CARRIED, { cwd: ROOT })) cpSync(join(ROOT, file), join(DIST, file))
}

function writePackage(pack: Package): void {
  const { name, version, description, license, type, engines, bin, dependencies } = pack
  const published = { name, version, description, license, type, engines, bin, dependencies }
  writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  for (const path of Object.values(bin)) {
    const file = join(DIST, path)
    if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env '))
      throw new Error(`${path} is a command, but does not begin with #!/usr/bin/env`)
    chmodSync(file, 0o755)
  }
}

/** Starts each command as it was built, where no .ts file could help it. */
function check({ bin }: Package): void {
  const left = globSync('**/*.js', { cwd: DIST }).filter(
    (file) => readFileSync(join(DIST, file), 'utf8').search(NAMES_TS) !== -1,
  )
  if (left.length > 0) throw new Error(`these still name .ts files: ${left.join(', ')}`)
  for (const [command, path] of Object.entries(bin)) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, path), '--help'], {
      encoding: 'utf8',
      // What is published holds nothing that this machine compiled.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    })
    if (status !== 0 || !stdout.includes(command))
      throw new Error(`${command} --help failed with exit code ${status}: ${stderr || stdout}`)
    console.log(`${command} --help answers.`)
  }
}

const pack = readPackage()
rmSync(DIST, { recursive: true, force: true })
execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
})
await buildConsole()
rewriteEndings()
carryData()
writePackage(pack)
if (process.argv.includes('--check')) check(pack)
console.log(`Built ${pack.name} ${pack.version} in ${DIST}.`)
