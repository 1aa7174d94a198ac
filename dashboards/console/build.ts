import { globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const ROOT = import.meta.dirname
/** The folder that the indexer serves the console from (indexer/server.ts). */
const BUILT = join(ROOT, 'built')

/** Builds the console, and compresses it once, so that the indexer need not compress it for each request. */
export async function buildConsole(): Promise<void> {
  // Taking in Vite takes longer than finding that there is nothing to build.
  const { build } = await import('vite')
  // Also where a test asks for it: React for development is another program, twice as large.
  process.env.NODE_ENV = 'production'
  rmSync(BUILT, { recursive: true, force: true })
  await build({ configFile: join(ROOT, 'vite.config.ts'), mode: 'production', logLevel: 'warn' })
  for (const name of globSync('**/*.{js,css,html,svg}', { cwd: BUILT })) {
    const path = join(BUILT, name)
    const plain = readFileSync(path)
    const small = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } })
    if (small.length < plain.length) writeFileSync(`${path}.br`, small)
  }
}

/** Whether the build is older than its sources, or missing. */
function isStale(): boolean {
  const built = globSync('index.html', { cwd: BUILT })[0]
  if (built === undefined) return true
  const since = statSync(join(BUILT, built)).mtimeMs
  return globSync(['src/**/*', 'index.html', 'vite.config.ts'], { cwd: ROOT }).some(
    (name) => statSync(join(ROOT, name)).mtimeMs > since,
  )
}

if (import.meta.main && (!process.argv.includes('--if-stale') || isStale())) {
  console.log('Building the console ...')
  await buildConsole()
}
