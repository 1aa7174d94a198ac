import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { MUTATIONS, type Mutation, type Tests } from './mutations.ts'

/**
 * `npm run test:mutate`: applies each mutation to a copy of the tree and runs the tests that should fail. A mutation under which they pass has
 * survived: a test is missing. `npm run test:mutate -- journal` tries those whose sentence or file holds the word.
 */
const ROOT = join(import.meta.dirname, '../..')
const LIMIT_MS = 10 * 60_000

const wanted = process.argv.slice(2)
const chosen = MUTATIONS.filter(
  ({ wrong, file }) => wanted.length === 0 || wanted.some((word) => `${wrong} ${file}`.includes(word)),
)
const copy = mkdtempSync(join(tmpdir(), 'waybill-mutate-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
copyTree()

const passing = new Set<string>()
const survivors: Mutation[] = []
for (const [i, mutation] of chosen.entries()) {
  const { wrong, file, find, replace, tests } = mutation
  // Where they fail as they are, they would catch nothing by failing.
  for (const one of tests) {
    const key = JSON.stringify(one)
    if (!passing.has(key) && !passes(one)) {
      process.stderr.write(`${one.file} fails without any mutation, or has no such tests: mend that first.\n`)
      process.exit(1)
    }
    passing.add(key)
  }
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) {
    process.stderr.write(`${file}: the text of "${wrong}" does not occur exactly once in it.\n`)
    process.exit(1)
  }
  const began = performance.now()
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
  const survived = tests.every(passes)
  writeFileSync(path, text)
  if (survived) survivors.push(mutation)
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stdout.write(
    `${i + 1} of ${chosen.length}  ${survived ? 'SURVIVED' : 'caught'}  ${seconds} s  ${wrong} (${file})\n`,
  )
}
process.stdout.write(`\n${chosen.length} mutations, ${survivors.length} survived\n`)
for (const { wrong, file, tests } of survivors)
  process.stdout.write(`  ${wrong}: ${file}, by ${tests.map((one) => one.file).join(', ')}\n`)
process.exitCode = survivors.length === 0 ? 0 : 1

/** All that git knows or would take up, as it is now. */
function copyTree(): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(ROOT, file), join(copy, file), { force: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
}

function passes({ file, name }: Tests): boolean {
  const isSystem = file.endsWith('.system.test.ts')
  const ran = spawnSync(
    process.execPath,
    [
      ...[join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', file, '--bail=1', '--maxWorkers=1'],
      ...(isSystem ? ['--config', 'vitest.system.config.ts'] : []),
      ...(name === undefined ? [] : ['-t', name]),
    ],
    { cwd: copy, encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  )
  // Tests that were skipped, for want of strace say, catch nothing.
  return ran.status === 0 && /Tests .*\d+ passed/.test(ran.stdout)
}
