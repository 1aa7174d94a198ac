import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KEY, messagesIn, Stage, temporaryFolder } from '../syslog/testing/stage.ts'
import { takeJournalKey } from './key.ts'
import { recordEnd } from './record.ts'
import { JournalKey } from './seal.ts'

const onDisk = (folder: string): Buffer =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))

describe('the files of the journal', () => {
  it('hold nothing readable of a message or its sender, and all of it with the key', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    const sent = Array.from({ length: 3000 }, (_, n) => `<13>password is hunter${n} ${'x'.repeat(n % 500)}`)
    socket.write(sent.map((line) => `${line}\n`).join(''))
    await stage.until('all is there', () => stage.messages().length === sent.length)
    expect(stage.messages().map(({ text }) => text)).toEqual(sent)
    const bytes = onDisk(stage.folder)
    for (const readable of ['hunter', 'password', '127.0.0.1', 'xxxx', '<13>'])
      expect(bytes.includes(readable), readable).toBe(false)
    expect(messagesIn(stage.folder, randomBytes(32))).toEqual([])
  })

  it('use a nonce for one group only: the same message is written differently each time', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    for (let n = 1; n <= 5; n++) {
      socket.write('<13>the same\n')
      await stage.until('it is synced', () => stage.messages().length === n)
    }
    const bytes = onDisk(stage.folder)
    const seals = new Set<string>()
    const contents = new Set<string>()
    for (let at = 0; at < bytes.length; ) {
      const end = recordEnd(bytes, at, bytes.length)
      const record = bytes.toString('latin1', at, end)
      const found = /^\d{8} \w{8} E \w{8} (\S{16}) \d{7} (.*)\n$/s.exec(record)
      if (found !== null) {
        seals.add(found[1]!)
        contents.add(found[2]!)
      }
      at = end
    }
    expect([seals.size, contents.size]).toEqual([5, 5])
  })

  it('of the version before, which did not encrypt, are read beside new ones', async () => {
    const folder = temporaryFolder()
    const older = readFileSync(join(import.meta.dirname, 'testing/plain.journal'))
    writeFileSync(join(folder, '0000000001.journal'), older)
    const stage = await Stage.open({ folder })
    const socket = await stage.connect()
    socket.write('<13>new\n')
    await stage.until('it is there', () => stage.messages().length === 3)
    expect(stage.messages().map(({ text, about }) => [text, about.incomplete])).toEqual([
      ['<38>Jan  5 11:59:58 web-1 app[812]: first of an older journal\nin two lines', false],
      ['<13>Jan  5 11:59:59 web-1 app[812]: second of an ol', true],
      ['<13>new', false],
    ])
    expect(stage.dropped()).toBe(3)
    expect(onDisk(folder).includes('<13>new')).toBe(false)
  })

  it('are opened from any record on, whatever is damaged between', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    const sent = Array.from({ length: 200 }, (_, n) => `<13>record ${n} ${'y'.repeat(n)}`)
    socket.write(sent.map((line) => `${line}\n`).join(''))
    await stage.until('all is there', () => stage.messages().length === sent.length)
    await stage.reception.close()
    const bytes = onDisk(stage.folder)
    const starts: number[] = []
    for (let at = 0; at < bytes.length; at = recordEnd(bytes, at, bytes.length)) starts.push(at)
    const broken = starts[100]!
    const [from] = [starts[50]!]
    bytes.write('?', broken)
    new JournalKey(KEY).open(bytes, from, bytes.length)
    const text = bytes.toString('latin1', from)
    const found = [...text.matchAll(/<13>record (\d+) (y*)\n/g)]
    // The first record of the file is that of the segment.
    const expected = Array.from({ length: 151 }, (_, n) => 49 + n).filter((n) => n !== 99)
    expect(found.map(([, n]) => Number(n))).toEqual(expected)
    for (const [, n, padding] of found) expect(padding?.length).toBe(Number(n))
  })
})

describe('the key', () => {
  const at = (): { path: string; folder: string; said: string[]; take: () => Promise<Uint8Array> } => {
    const data = temporaryFolder()
    const folder = join(data, 'journal')
    const path = join(data, 'journal.key')
    const said: string[] = []
    const log = { warn: (sentence: string) => void said.push(sentence) }
    return { path, folder, said, take: () => takeJournalKey(path, folder, log) }
  }

  it("is made once, and is for the agent's user only", async () => {
    const { path, said, take } = at()
    const key = await take()
    expect(key.length).toBe(32)
    expect(await take()).toEqual(key)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(said).toEqual([])
  })

  it('that is lost is replaced, and the log says what becomes of the messages', async () => {
    const { path, folder, said, take } = at()
    const key = await take()
    mkdirSync(folder)
    writeFileSync(join(folder, '0000000001.journal'), 'x')
    rmSync(path)
    expect(await take()).not.toEqual(key)
    expect(said.join()).toContain('is missing, so the agent made a new one')
  })

  it('that is damaged is refused with a remedy', async () => {
    const { path, take } = at()
    writeFileSync(path, 'short')
    await expect(take()).rejects.toThrow('is damaged: it has 5 bytes, not 32. Restore it from a backup')
  })
})
