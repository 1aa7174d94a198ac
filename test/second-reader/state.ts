import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

type Entry = readonly [key: string, value?: unknown]

/** The agent's state table in its folder: the newest whole snapshot, with the journals from its generation on. */
export function readState(folder: string): Map<string, unknown> {
  const generations = readdirSync(folder)
    .flatMap((name) => /^state-(\d+)\.(?:snapshot|journal)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
  const table = new Map<string, unknown>()
  let from = 1
  for (const generation of generations) {
    const records = recordsIn(folder, 'snapshot', generation)
    const last = records?.pop()?.[0]
    if (records === undefined || last === undefined || last[0] !== '') continue
    for (const record of records) for (const entry of record) enter(table, entry)
    if ((last[1] as { keys: number }).keys !== table.size) throw new Error('a snapshot lacks keys')
    from = generation
    break
  }
  for (const generation of [...new Set(generations)].sort((a, b) => a - b))
    if (generation >= from)
      for (const record of recordsIn(folder, 'journal', generation) ?? [])
        for (const entry of record) enter(table, entry)
  return table
}

function enter(table: Map<string, unknown>, [key, ...value]: Entry): void {
  if (value.length === 0) table.delete(key)
  else table.set(key, value[0])
}

/** Reads the whole records of a file, or returns undefined. */
function recordsIn(folder: string, kind: string, generation: number): Entry[][] | undefined {
  const file = join(folder, `state-${generation}.${kind}`)
  if (!existsSync(file)) return undefined
  const bytes = readFileSync(file)
  const title = `waybill-state 1 ${kind} ${generation}\n`
  if (bytes.toString('latin1', 0, title.length) !== title) throw new Error(`${file} has another title`)
  const records: Entry[][] = []
  for (let at = title.length; at + 8 < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const content = bytes.subarray(at + 8, at + 8 + length)
    if (length === 0 || content.length < length || crc32(content) !== bytes.readUInt32BE(at + 4)) break
    records.push(JSON.parse(content.toString('utf8')) as Entry[])
    at += 8 + length
  }
  return records
}
