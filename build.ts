import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm run build` makes what is published: dist/, a package of its own with compiled .js, .d.ts, the integrations and
 * the config files. With `--check` it also starts the commands out of it, and fails where they don't.
 */
const ROOT = import.meta.dirname
const DIST = join(ROOT, 'dist')
const CARRIED = ['integrations', 'LICENSE', 'README.md', 'docs']

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

const compiled = (path: string): string => path.replace(/\.ts$/, '.js')

/** The compiler rewrites the imports' endings; the files that workers are started from stand in URLs, and are ours to rewrite. */
function rewriteWorkerUrls(): void {
  for (const file of globSync('{agent,indexer,schema,config}/**/*.js', { cwd: DIST })) {
    const path = join(DIST, file)
    const text = readFileSync(path, 'utf8')
    const rewritten = text.replace(
      /(new URL\(\s*['"]\.[^'"\n]*)\.ts(['"]\s*,\s*import\.meta\.url)/g,
      (_, before: string, after: string) => `${before}.js${after}`,
    )
    if (rewritten !== text) writeFileSync(path, rewritten)
  }
}

function carryData(): void {
  for (const path of CARRIED) {
    if (existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(DIST, path), { recursive: true })
  }
  for (const file of globSync('config/**/*.{yml,service}', { cwd: ROOT }))
    cpSync(join(ROOT, file), join(DIST, file))
}

function writePackage({
  name,
  version,
  description,
  license,
  type,
  engines,
  bin,
  dependencies,
}: Package): void {
  const published = {
    ...{ name, version, description, license, type, engines },
    bin: Object.fromEntries(Object.entries(bin).map(([command, path]) => [command, compiled(path)])),
    dependencies,
  }
  writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  for (const path of Object.values(published.bin)) {
    const file = join(DIST, path)
    if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n'))
      throw new Error(`${path} is a command, but does not begin with #!/usr/bin/env node`)
    chmodSync(file, 0o755)
  }
}

/** Starts each command as it was built, where no .ts file could help it. */
function check({ bin }: Package): void {
  const left = globSync('**/*.js', { cwd: DIST })
    .filter((file) => !file.startsWith('node_modules'))
    .filter((file) =>
      /(?:from|import\(|import|new URL\()\s*['"]\.[^'"\n]*\.ts['"]/.test(
        readFileSync(join(DIST, file), 'utf8'),
      ),
    )
  if (left.length > 0) throw new Error(`these still name .ts files: ${left.join(', ')}`)
  for (const [command, path] of Object.entries(bin)) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, compiled(path)), '--help'], {
      encoding: 'utf8',
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
rewriteWorkerUrls()
carryData()
writePackage(pack)
if (process.argv.includes('--check')) check(pack)
console.log(`Built ${pack.name} ${pack.version} in ${DIST}.`)
