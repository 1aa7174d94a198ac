import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { recover } from '../../agent/state/recover.ts'
import { decodeWaybill } from '../../schema/wire/index.ts'
import { freePort, until } from '../system/system.ts'
import { Disk, replay } from './disk.ts'
import { newFolder } from './folders.ts'
import { recordAgent } from './recorded-agent.ts'
import { type Call, readTrace, traced, whyNotTraced } from './trace.ts'

/** What must be on the disk before what is done next. The disk is the one of disk.ts: nothing is safe that was not synced, nor any name of a folder that was not. */
const reason = whyNotTraced()
const log = pino({ level: 'silent' })
const never = (): number => 0

interface State {
  readonly chain?: { readonly settled: readonly (readonly [number, number])[]; readonly incarnation: string }
  readonly [key: string]: unknown
}

describe.skipIf(reason !== null)('an agent has on the disk', () => {
  const found = {
    sent: [] as string[],
    unsafeWhenSent: [] as string[],
    settled: [] as string[],
    unsettledWhenRemoved: [] as string[],
    unknownSources: [] as string[],
    unsyncedJournal: [] as string[],
    journalSlices: 0,
    quarantined: [] as string[],
    unwrittenQuarantine: [] as string[],
    enrolled: null as boolean | null,
    replaced: [] as string[],
    unsafeReplacements: [] as string[],
    removedSnapshots: [] as string[],
    unsafeSnapshots: [] as string[],
    unsafeNames: [] as string[],
    kept: 0,
    unsafeKept: [] as string[],
  }
  let calls: readonly Call[] = []

  beforeAll(async () => {
    if (reason !== null) return
    const record = await recordAgent(newFolder, { holds: true })
    await record.sink.close()
    calls = record.calls
    const { disk, data } = record
    const copies = newFolder()
    let copied = 0
    let holdFile = ''
    /** The state as a cut right now would leave it at least. */
    const stateNow = async (): Promise<State> => {
      const copy = join(copies, String(copied++))
      mkdirSync(copy)
      disk.cut(copy, 'nothing', never)
      const { table } = await recover(join(copy, basename(data), 'state'), log)
      rmSync(copy, { recursive: true })
      return Object.fromEntries(table)
    }
    const isBatch = (path: string): boolean =>
      path.startsWith(join(data, 'spool')) && path.endsWith('.waybill')
    await replay(disk, calls, async (_, call, part) => {
      if (part !== 'begin' || call.result < 0) return
      const [from = '', to = ''] = call.paths
      if (call.target.endsWith('.hold')) holdFile = call.target
      if (call.data !== null && call.target.startsWith('socket:')) {
        // Sockets between threads and for its commands are others.
        if (call.data.toString('latin1', 0, 4) === 'POST')
          for (const path of found.replaced)
            if (dirname(path) === data && disk.safe(path) === null) found.unsafeNames.push(basename(path))
        const named = /"incarnation":"([0-9a-f]{32})".*?"sequence":(\d+)/s.exec(call.data.toString('latin1'))
        if (named === null || !call.data.includes('"root":')) return
        const name = `${named[1]}-${named[2]!.padStart(12, '0')}`
        found.sent.push(name)
        const file = join(data, 'spool', named[1]!, `${name}.waybill`)
        const bytes = disk.safe(file) ?? disk.safe(file.replace('.waybill', '.again.waybill'))
        try {
          const { manifest } = decodeWaybill(bytes ?? Buffer.alloc(0))
          if (manifest.sequence !== Number(named[2])) throw new Error('another batch')
        } catch (error) {
          found.unsafeWhenSent.push(`${name}: ${String(error)}`)
        }
        found.enrolled =
          (found.enrolled ?? true) &&
          disk.safe(join(data, 'key.pem')) !== null &&
          disk.safe(join(data, 'identity.json')) !== null
      } else if (call.name.startsWith('unlink') && isBatch(from) && !from.endsWith('.again.waybill')) {
        found.settled.push(from)
        const { chain } = await stateNow()
        const sequence = Number(/-(\d+)\.waybill$/.exec(from)?.[1])
        if (chain?.settled.some(([first, last]) => first <= sequence && sequence <= last) !== true)
          found.unsettledWhenRemoved.push(from)
      } else if (
        call.name.startsWith('rename') &&
        isBatch(from) &&
        dirname(to) === join(data, 'quarantine')
      ) {
        found.quarantined.push(from)
        const state = await stateNow()
        if (state[`quarantine/${basename(to, '.waybill')}`] === undefined)
          found.unwrittenQuarantine.push(from)
      } else if (call.name.startsWith('rename') && from.startsWith(data) && from.endsWith('.tmp')) {
        // What takes the place of another file, or is looked for by its name, is whole by then.
        found.replaced.push(to)
        if (disk.unsyncedBytes(from)) found.unsafeReplacements.push(to)
      } else if (call.name.startsWith('unlink') && /\.snapshot$/.test(from)) {
        found.removedSnapshots.push(from)
        const generation = Number(/state-(\d+)\./.exec(from)?.[1])
        if (disk.safe(from.replace(`state-${generation}.`, `state-${generation + 2}.`)) === null)
          found.unsafeSnapshots.push(from)
      } else if (
        found.kept === 0 &&
        call.data?.includes('"held":true') === true &&
        call.target.startsWith(join(data, 'state'))
      ) {
        found.kept++
        if (disk.safe(holdFile) === null || disk.unsyncedBytes(holdFile)) found.unsafeKept.push(holdFile)
      } else if (call.name.startsWith('writev') && /\.waybill\.tmp$/.test(call.target)) {
        const { manifest } = decodeWaybill(call.data!)
        const state = await stateNow()
        for (const { source, path, to: end } of manifest.sources) {
          if (state[`source/${source}`] === undefined) found.unknownSources.push(path)
          if (!path.startsWith(join(data, 'journal'))) continue
          found.journalSlices++
          if ((disk.safe(path)?.length ?? 0) < end) found.unsyncedJournal.push(`${path} to ${end}`)
        }
      }
    })
  }, 300_000)

  it('each batch, whole and under its name, before it is sent', () => {
    expect(new Set(found.sent).size).toBeGreaterThan(8)
    expect(found.unsafeWhenSent).toEqual([])
  })
  it('its key and its identity before anything is sent', () => expect(found.enrolled).toBe(true))
  it('what became of a batch before its file goes', () => {
    expect(found.settled.length).toBeGreaterThan(8)
    expect(found.unsettledWhenRemoved).toEqual([])
  })
  it('that a batch is refused before its file is in quarantine', () => {
    expect(found.quarantined).toHaveLength(1)
    expect(found.unwrittenQuarantine).toEqual([])
  })
  it('a source’s identity before anything of the source is in a batch', () =>
    expect(found.unknownSources).toEqual([]))
  it('messages by syslog before they are in a batch', () => {
    expect(found.journalSlices).toBeGreaterThan(3)
    expect(found.unsyncedJournal).toEqual([])
  })
  it('a new snapshot of its state, by its name too, before an old one goes', () => {
    expect(found.removedSnapshots.length).toBeGreaterThan(0)
    expect(found.unsafeSnapshots).toEqual([])
  })
  it('the names of its key and its identity before it sends anything more', () =>
    expect(found.unsafeNames).toEqual([]))
  it('what it keeps of a file that has gone before it writes that down', () => {
    expect(found.kept).toBeGreaterThan(0)
    expect(found.unsafeKept).toEqual([])
  })
  it('all bytes of a file before it takes the place of another', () => {
    for (const name of ['key.pem', 'identity.json', 'journal.key'])
      expect(found.replaced.map((path) => basename(path))).toContain(name)
    expect(found.replaced.some((path) => path.endsWith('.snapshot'))).toBe(true)
    expect(found.replaced.some((path) => path.includes('/quarantine/'))).toBe(true)
    expect(found.unsafeReplacements).toEqual([])
  })

  it('its writes in the order write, sync, rename, sync of the folder, send', () => {
    const batches = new Set(found.sent)
    for (const name of batches) {
      const about = calls.filter(
        (call) =>
          call.result >= 0 && [call.target, ...call.paths].some((path) => path.includes(`${name}.waybill`)),
      )
      const written = about.find((call) => call.data !== null && call.target.endsWith('.tmp'))!
      const synced = about.find((call) => /^f(data)?sync$/.test(call.name) && call.begin > written.end)!
      const renamed = about.find((call) => call.name.startsWith('rename'))!
      const folder = dirname(renamed.paths[1]!)
      const folderSynced = calls.find(
        (call) => call.name === 'fsync' && call.target === folder && call.begin > renamed.end,
      )!
      const sent = calls.find(
        (call) =>
          call.target.startsWith('socket:') &&
          call.data?.includes(`"sequence":${Number(name.split('-')[1])},`) === true &&
          call.data.includes(name.split('-')[0]!) &&
          call.data.includes('"root":'),
      )!
      const order = [written, synced, renamed, folderSynced, sent]
      expect(order.map((call) => call?.name)).not.toContain(undefined)
      for (const [i, call] of order.entries())
        if (i > 0) expect(call.begin, `${name}: ${call.name}`).toBeGreaterThan(order[i - 1]!.end)
    }
  })
})

/** How many rows a database has of it; none where there is no such database. */
function rowsIn(file: string, sql: string, ...values: (string | number)[]): number {
  if (!existsSync(file)) return 0
  const database = new DatabaseSync(file)
  try {
    return database.prepare(sql).all(...values).length
  } finally {
    database.close()
  }
}

const holdsRecord = (store: string, number: string): boolean =>
  rowsIn(join(store, 'control.db'), 'SELECT 1 FROM records WHERE key = ?', `key-${number}`) === 1

/** Its waybill, and its rows in the partitions, which come with its events. */
function holdsBatch(store: string, sequence: number): boolean {
  const partitions = join(store, 'partitions')
  if (rowsIn(join(store, 'control.db'), 'SELECT 1 FROM waybills WHERE sequence = ?', sequence) !== 1)
    return false
  return readdirSync(partitions)
    .filter((name) => name.endsWith('.db'))
    .some(
      (name) => rowsIn(join(partitions, name), 'SELECT 1 FROM batches WHERE sequence = ?', sequence) === 1,
    )
}

/** Files that need not be safe: locks, what SQLite makes again, and the published copy of the checkpoint that `log-state.json` has. */
const counts = (path: string): boolean => !/(^|\/)(lock\.db.*|.*-shm|.*-journal|log\/checkpoint)$/.test(path)

describe.skipIf(reason !== null)('an indexer has on the disk', () => {
  it('all of a batch and of a record before it says that they are stored', { timeout: 120_000 }, async () => {
    const root = newFolder()
    const folder = newFolder()
    const file = join(folder, 'calls')
    const disk = new Disk(root)
    const run = traced([join(import.meta.dirname, 'storing.ts'), join(root, 'store'), '1'], file, folder)
    run.stdout.resume()
    expect(await run.ended).toBe(0)
    let acknowledged = 0
    const missing: string[] = []
    const copies = newFolder()
    await replay(disk, await readTrace(file, folder), (_, call, part) => {
      if (part !== 'begin' || call.name !== 'write' || call.fd !== 1) return
      for (const [, kind, number] of call.data?.toString().matchAll(/^(batch|record) (\d+)$/gm) ?? []) {
        // Segments are merged in the meantime, so there are always bytes on their way: what counts is what a cut leaves of this batch.
        const copy = join(copies, String(acknowledged++))
        mkdirSync(copy)
        disk.cut(copy, 'nothing', never)
        if (
          kind === 'batch'
            ? !holdsBatch(join(copy, 'store'), Number(number))
            : !holdsRecord(join(copy, 'store'), number!)
        )
          missing.push(`${kind} ${number}`)
        rmSync(copy, { recursive: true })
      }
    })
    expect(acknowledged).toBeGreaterThan(40)
    expect(missing).toEqual([])
  })

  it('accounts, tokens, saved searches and settings before it answers', { timeout: 120_000 }, async () => {
    const root = newFolder()
    const folder = newFolder()
    const file = join(folder, 'calls')
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const config = join(folder, 'indexer.yml')
    writeFileSync(
      config,
      `listen: ${url}\nread: open-on-loopback\nmanage: open-on-loopback\nstore: { embedded: { path: ${join(root, 'store')} } }\n`,
    )
    const disk = new Disk(root)
    const bin = join(import.meta.dirname, '../../bin/waybill.js')
    const run = traced([bin, 'indexer', '--config', config], file, folder)
    onTestFinished(() => run.kill('SIGKILL'))
    run.stdout.resume()
    await until('the indexer is ready', () =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    )
    const tokenFile = join(root, 'store', 'local-token')
    await until('the token is there', () => existsSync(tokenFile))
    const { token } = JSON.parse(readFileSync(tokenFile, 'utf8')) as { token: string }
    const ask = async (path: string, body: object): Promise<number> => {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
      return answer.status
    }
    await ask('/v1/users', { name: 'jane', fullName: 'Jane Doe', role: 'viewer', limits: {} })
    await ask('/v1/agents/tokens', {})
    await run.kill('SIGTERM')
    let answered = 0
    const unsafe: string[] = []
    await replay(disk, await readTrace(file, folder), (_, call, part) => {
      if (part !== 'begin' || !call.target.startsWith('socket:')) return
      const text = call.data?.toString('latin1') ?? ''
      if (!text.startsWith('HTTP/1.1 2') || text.includes('ready')) return
      answered++
      unsafe.push(...disk.unsafe().filter(counts))
    })
    expect(answered).toBeGreaterThan(1)
    expect(unsafe).toEqual([])
  })
})
