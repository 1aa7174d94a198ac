/**
 * The embedded store at the size that it is meant for.
 *
 *   npm run bench:scale -- [events] [--dir folder] [--runs 5]
 *
 * Stores a month of a company (`month.ts`), made out of a pool of its lines while it is stored, so that no file of that size is needed.
 * Prints for each tenth events/s, processor time and memory (the lines' too: some 50 MB); then bytes an event, how long it takes to open
 * the store, and what the console's questions take. First after the store was opened: nothing is in the process, though the system may have
 * its files in memory. Then again, one by one, and all of a screen at once, as its page asks them. At last partitions are dropped. A folder
 * that is filled already is only asked, and nothing of it is dropped.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEmbeddedStore, type Store } from '../../indexer/store/index.ts'
import { batchOfBytes } from '../batches.ts'
import { spread } from '../page-times.ts'
import { PooledMonth } from './pooled-month.ts'
import { consoleQuestions, type Question } from './questions.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dir: { type: 'string' }, runs: { type: 'string', default: '5' } },
})
const total = Number(positionals[0] ?? 100_000_000)
const runs = Number(values.runs)
const BATCH = 2400
const IN_FLIGHT = 6
const LENGTH = 28 * 86_400_000
/** The wanted median, ms. */
const WANTED = 1000

const folder = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-scale-')))
const path = join(folder, 'store')
const note = join(folder, 'filled.json')

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
const seconds = (since: number): number => (performance.now() - since) / 1000
/** Processor time of the store: it works in threads of its own, and this one makes batches. */
function spent(): number {
  const [all, mine] = [process.cpuUsage(), process.threadCpuUsage()]
  return (all.user + all.system - mine.user - mine.system) / 1e6
}

async function fill(): Promise<number> {
  const end = Math.floor(Date.now() / 60_000) * 60_000
  const month = new PooledMonth(end - LENGTH, LENGTH / total)
  const store = await openEmbeddedStore({ path, log: (sentence) => console.error(sentence) })
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  try {
    let [next, sequence, done, tenth] = [0, 0, 0, 1]
    let [since, cpu] = [performance.now(), spent()]
    const began = since
    let shown = 0
    const show = (): void => {
      const events = done - shown
      const used = spent()
      console.log(
        `${String(Math.round((done / total) * 100)).padStart(4)} %: ${Math.round(events / seconds(since))} events/s, ` +
          `${(((used - cpu) * 1e6) / events).toFixed(1)} CPU s per million in the store, RSS ${mb(process.memoryUsage.rss())}`,
      )
      since = performance.now()
      cpu = used
      shown = done
    }
    const sender = async (): Promise<void> => {
      while (next < total) {
        const first = next
        const count = Math.min(BATCH, total - first)
        next += count
        const batch = batchOfBytes(month.lines(first, count), {
          sequence: ++sequence,
          first,
          ingested: month.timeOf(next),
        })
        const outcome = await store.write({ ...batch, handedOver: true })
        if (outcome.kind !== 'stored' || outcome.result.stored !== count)
          throw new Error(JSON.stringify(outcome))
        done += count
        if (done < (total / 10) * tenth) continue
        tenth = Math.floor((done / total) * 10) + 1
        show()
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
    console.log(
      `${total} events stored in ${seconds(began).toFixed(0)} s: ${Math.round(total / seconds(began))} events/s, peak RSS ${mb(peak)}`,
    )
  } finally {
    clearInterval(watch)
    await store.close()
  }
  await writeFile(note, JSON.stringify({ end }))
  return end
}

async function bytesIn(dir: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(dir, { recursive: true, withFileTypes: true }))
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size
  return bytes
}

async function answer(store: Store, { ask }: Question): Promise<string> {
  if ('aggregate' in ask) {
    const { count, partial } = await store.aggregate(ask.aggregate)
    return `${count} events${partial === null ? '' : `, partial: ${partial.reason}`}`
  }
  let found = 0
  let after: string | undefined
  do {
    const limit = ask.search.limit - found
    const page = await store.search({ ...ask.search, limit, ...(after === undefined ? {} : { after }) })
    found += page.events.length
    after = page.next ?? undefined
  } while (after !== undefined && found < ask.search.limit)
  return `${found} rows`
}

const ms = (time: number): string => `${time.toFixed(0).padStart(6)} ms`

async function ask(end: number): Promise<void> {
  const questions = consoleQuestions(end)
  const opened = performance.now()
  const store = await openEmbeddedStore({ path })
  try {
    const [first] = questions
    if (first !== undefined) await answer(store, first)
    console.log(`open, until the first answer: ${seconds(opened).toFixed(2)} s`)
    const medians: number[] = []
    const firsts: number[] = []
    console.log('    first   median  slowest  processor')
    for (const question of questions) {
      const times: number[] = []
      const processor: number[] = []
      let said = ''
      for (let run = 0; run <= runs; run++) {
        const [began, cpu] = [performance.now(), spent()]
        said = await answer(store, question)
        times.push(performance.now() - began)
        processor.push((spent() - cpu) * 1000)
      }
      const [cold = 0, ...warm] = times
      const { median, most } = spread(warm)
      medians.push(median)
      firsts.push(cold)
      console.log(
        `${ms(cold)}${ms(median)}${ms(most)}${ms(spread(processor.slice(1)).median)}  ${question.screen}: ${question.name}: ${said}`,
      )
    }
    const all = (times: readonly number[]): string =>
      `median ${ms(spread(times).median).trim()}, slowest ${ms(spread(times).most).trim()}`
    console.log(`${questions.length} questions: ${all(medians)}; the first time ${all(firsts)}`)
    const slow = medians.filter((median) => median > WANTED).length
    console.log(`${slow} of them take longer than ${WANTED} ms at the median.`)
    for (const screen of new Set(questions.map((question) => question.screen))) {
      const times: number[] = []
      for (let run = 0; run < runs; run++) {
        const began = performance.now()
        await Promise.all(questions.filter((one) => one.screen === screen).map((one) => answer(store, one)))
        times.push(performance.now() - began)
      }
      console.log(`${ms(spread(times).median)}${ms(spread(times).most)}  ${screen}: all at once`)
    }
    console.log(`RSS ${mb(process.memoryUsage.rss())}`)
  } finally {
    await store.close()
  }
}

/** Drops all but the partitions into which the last batch went. */
async function drop(end: number): Promise<void> {
  const store = await openEmbeddedStore({ path, now: () => end })
  try {
    const { partitions } = await store.storage()
    for (const { name, events, bytes, open } of partitions) {
      if (open) continue
      const began = performance.now()
      if (!(await store.expire(name, Number.MAX_SAFE_INTEGER))) throw new Error(`${name} was not dropped`)
      console.log(`${ms(performance.now() - began)}  to drop ${name}: ${events} events, ${mb(bytes)}`)
    }
  } finally {
    await store.close()
  }
}

try {
  await mkdir(folder, { recursive: true })
  const isFilled = existsSync(note)
  const { end } = isFilled
    ? (JSON.parse(await readFile(note, 'utf8')) as { end: number })
    : { end: await fill() }
  const bytes = await bytesIn(path)
  console.log(isFilled ? `${mb(bytes)} in ${folder}` : `${Math.round(bytes / total)} bytes an event`)
  await ask(end)
  if (!isFilled) await drop(end)
} finally {
  if (values.dir === undefined) await rm(folder, { recursive: true, force: true })
}
