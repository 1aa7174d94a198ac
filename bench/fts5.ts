/**
 * Measures the cost of SQLite's FTS5 in place of the store's own segments: the terms of an event, inserted into an index that holds
 * nothing else.
 *
 *   node bench/fts5.ts [events] [--terms 45]
 *
 * Contentless, `detail=none`, ascending row ids, transactions of 4,800 events: as little as FTS5 can be asked to do. An event's terms are
 * words of nine characters; two thirds are from a few, like actions and hosts, and the others from a million. Prints processor time an
 * event without ever merging and with FTS5's own merging.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { terms: { type: 'string', default: '45' } },
})
const events = Number(positionals[0] ?? 300_000)
const terms = Number(values.terms)
const TRANSACTION = 4800
const FEW = 2000
const MANY = 1_000_000

let state = 7
function below(most: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 4_294_967_296) * most)
}
const word = (number: number): string => `t${number.toString(36).padStart(8, '0')}`
const FEW_WORDS = Array.from({ length: FEW }, (_, i) => word(i))
const rowOfTerms = (): string => {
  let row = ''
  for (let i = 0; i < terms; i++) row += `${i % 3 < 2 ? FEW_WORDS[below(FEW)] : word(FEW + below(MANY))} `
  return row
}

const folder = await mkdtemp(join(tmpdir(), 'waybill-bench-fts5-'))
try {
  for (const merges of [false, true]) {
    const path = join(folder, merges ? 'merging.db' : 'not-merging.db')
    const database = new DatabaseSync(path)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec(`CREATE VIRTUAL TABLE terms USING fts5(words, content = '', detail = none)`)
    if (!merges)
      database.exec(`INSERT INTO terms (terms, rank) VALUES ('automerge', 0), ('crisismerge', 1000000)`)
    const insert = database.prepare('INSERT INTO terms (rowid, words) VALUES (?, ?)')
    let used = 0
    for (let first = 0; first < events; first += TRANSACTION) {
      const rows = Array.from({ length: Math.min(TRANSACTION, events - first) }, rowOfTerms)
      const before = process.threadCpuUsage()
      database.exec('BEGIN')
      for (const [i, row] of rows.entries()) insert.run(first + i + 1, row)
      database.exec('COMMIT')
      const { user, system } = process.threadCpuUsage(before)
      used += user + system
    }
    database.close()
    console.log(
      `${events} events of ${terms} terms, ${merges ? 'merging' : 'not merging'}: ${(used / events).toFixed(1)} µs an event`,
    )
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
