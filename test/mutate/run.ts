import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { MUTATIONS, type Mutation, type Tests } from './mutations.ts'

/**
 * `npm run test:mutate`: applies each mutation to a copy of the tree and runs the tests that should fail. A mutation under which they pass
 * has survived: a test is missing. `npm run test:mutate -- journal` tries those whose sentence or file holds the word, and `-- --from 30`
 * begins with the 30th of them.
 */
const ROOT = join(import.meta.dirname, '../..')
const LIMIT_MS = 10 * 60_000

const { values, positionals: wanted } = parseArgs({
  options: { from: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const before = Number(values.from) - 1
if (!Number.isInteger(before) || before < 0) throw new Error(`--from ${values.from} is no number from 1 on`)
const all = MUTATIONS.filter(
  ({ wrong, file }) => wanted.length === 0 || wanted.some((word) => `${wrong} ${file}`.includes(word)),
)
const chosen = all.slice(before)
const copy = mkdtempSync(join(tmpdir(), 'waybill-mutate-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
let running: ChildProcess | null = null
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    running?.kill()
    process.exit(1)
  })
copyTree()

const passing = new Set<string>()
const survivors: Mutation[] = []
for (const [i, mutation] of chosen.entries()) {
  const { wrong, file, find, replace, tests } = mutation
  // Tests that fail without a mutation would catch nothing by failing.
  for (const one of tests) {
    const key = JSON.stringify(one)
    const failure = passing.has(key) ? null : await failureOf(one)
    if (failure !== null) {
      process.stderr.write(
        `${one.file} fails without any mutation, or has no such tests: mend that first. ${failure}\n`,
      )
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
  let failure: string | null = null
  for (const one of tests) failure ??= await failureOf(one)
  writeFileSync(path, text)
  if (failure === null) survivors.push(mutation)
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stdout.write(
    `${before + i + 1} of ${all.length}  ${failure === null ? 'SURVIVED' : 'caught'}  ${seconds} s  ${wrong} (${file})\n`,
  )
  // Whether it was caught for the reason that its sentence names, a person must judge.
  if (failure !== null) process.stdout.write(`    ${failure}\n`)
}
process.stdout.write(`\n${chosen.length} mutations, ${survivors.length} survived\n`)
for (const { wrong, file, tests } of survivors)
  process.stdout.write(`  ${wrong}: ${file}, by ${tests.map((one) => one.file).join(', ')}\n`)
process.exitCode = survivors.length === 0 ? 0 : 1

/** Copies all files that git knows or would add, in their current state. */
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

/** The first test that fails, and how; null if all pass. */
async function failureOf({ file, name }: Tests): Promise<string | null> {
  const isSystem = file.endsWith('.system.test.ts')
  const child = spawn(
    process.execPath,
    [
      ...[join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', file, '--bail=1', '--maxWorkers=1'],
      ...(isSystem ? ['--config', 'vitest.system.config.ts'] : []),
      ...(name === undefined ? [] : ['-t', name]),
    ],
    { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  )
  running = child
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const [code] = await once(child, 'close')
  if (code === 0 && /Tests .*\d+ passed/.test(said)) return null
  const failed = /FAIL .*\n.*/.exec(stripVTControlCharacters(said))
  // Tests that were skipped, for instance because strace is missing, catch nothing.
  return failed === null ? `${file} ended with ${code}` : failed[0].replace(/\s+/g, ' ')
}
