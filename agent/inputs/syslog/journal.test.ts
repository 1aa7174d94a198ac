import { createSocket } from 'node:dgram'
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tinyDisk } from '../../state/testing/tiny-disk.ts'
import { Shares } from '../journal/shares.ts'
import { messagesIn, Stage, temporaryFolder } from './testing/stage.ts'
import { dropsIn, hexAddress, kernelDrops } from './udp.ts'

const segments = (folder: string): string[] => readdirSync(folder).sort()

/** Writes a closed journal with these messages. */
async function written(folder: string, messages: readonly string[]): Promise<string> {
  const stage = await Stage.open({ folder })
  const socket = await stage.connect()
  socket.write(messages.map((message) => `${message}\n`).join(''))
  await stage.until('they are there', () => stage.messages().length === messages.length)
  await stage.reception.close()
  return join(folder, segments(folder).at(-1)!)
}

describe('a journal found after a crash', () => {
  it.each([
    ['half of a record', (path: string) => truncateSync(path, statSync(path).size - 5), 1],
    ['the beginning of a record', (path: string) => appendFileSync(path, '00000050 0'), 2],
    ['zeros that a power cut left', (path: string) => appendFileSync(path, Buffer.alloc(5000)), 2],
    [
      'a record with another content',
      (path: string) => appendFileSync(path, '00000006 00000000 M 1 - \n'),
      2,
    ],
  ])('%s at its end is cut away, what stands before it stays', async (_, harm, whole) => {
    const folder = temporaryFolder()
    const path = await written(folder, ['<13>one', '<13>two'])
    harm(path)
    const stage = await Stage.open({ folder })
    expect(stage.messages().map(({ text }) => text)).toEqual(['<13>one', '<13>two'].slice(0, whole))
    expect(stage.said.join()).toContain('A crash damaged the last')
    const socket = await stage.connect()
    socket.write('<13>three\n')
    await stage.until('it goes on', () => stage.messages().at(-1)?.text === '<13>three')
  })

  it('an empty segment is removed', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, '0000000007.journal'), '')
    await Stage.open({ folder })
    expect(segments(folder)).toEqual([])
  })

  it('a segment that is wholly acknowledged is removed, the one that is written stays', async () => {
    const folder = temporaryFolder()
    const path = await written(folder, ['<13>one'])
    const stage = await Stage.open({ folder })
    const socket = await stage.connect()
    socket.write('<13>two\n')
    await stage.until('it is there', () => stage.messages().length === 2)
    stage.acknowledged.set(path, statSync(path).size)
    await stage.until('the first is removed', () => segments(folder).length === 1)
    expect(stage.messages().map(({ text }) => text)).toEqual(['<13>two'])
  })
})

it('raw messages are gone from the disk once they are acknowledged, and what comes later has a new segment', async () => {
  const stage = await Stage.open()
  const socket = await stage.connect()
  socket.write('<13>one\n')
  await stage.until('it is there', () => stage.messages().length === 1)
  stage.acknowledgeAll()
  await stage.until('no segment is left', () => segments(stage.folder).length === 0)
  socket.write('<13>two\n')
  await stage.until('the next is there', () => stage.messages().length === 1)
  expect(stage.messages().map(({ text }) => text)).toEqual(['<13>two'])
  expect(segments(stage.folder)).toEqual(['0000000002.journal'])
})

describe('a disk that is full', () => {
  it('keeps TCP senders waiting, says so, and loses none of their messages when there is room again', async (test) => {
    const disk = tinyDisk(1024 * 1024)
    if (disk === null) return test.skip('this user may not mount a file system of its own')
    onTestFinished(() => disk.release())
    const ballast = join(disk.dir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(700 * 1024))
    const folder = join(disk.dir, 'journal')
    const stage = await Stage.open({ folder })
    onTestFinished(() => stage.reception.close())
    const socket = await stage.connect()
    const lines = Array.from({ length: 600 }, (_, n) => `<13>record ${n} ${'x'.repeat(900)}`)
    socket.write(lines.map((line) => `${line}\n`).join(''))
    await stage.until('it is said', () => stage.reception.status().journal.problem !== null)
    expect(stage.reception.status().journal.problem).toContain('no space left on device')
    rmSync(ballast)
    await stage.until('all is there', () => messagesIn(folder).length === lines.length)
    expect(stage.messages().map(({ text }) => text)).toEqual(lines)
    expect(stage.reception.status().journal.problem).toBeNull()
  })
})

describe('shares', () => {
  it('one peer comes to a half, the next to a half of the rest, and what is given back is free', () => {
    const shares = new Shares(1000)
    const fill = (peer: string): number => {
      let taken = 0
      while (shares.mayTake(peer, 1)) {
        shares.take(peer, 1)
        taken += 1
      }
      return taken
    }
    expect(fill('a')).toBe(500)
    expect(fill('b')).toBe(250)
    shares.give('a', 500)
    expect(fill('c')).toBeGreaterThan(300)
  })
})

describe('what the system has thrown away', () => {
  it('is found in its table by the address, as it writes it', () => {
    expect(hexAddress('127.0.0.1', 514)).toBe('0100007F:0202')
    expect(hexAddress('0.0.0.0', 5514)).toBe('00000000:158A')
    expect(hexAddress('::1', 514)).toBe('00000000000000000000000001000000:0202')
    const table =
      '  sl  local_address rem_address ... drops\n' +
      ' 1: 0100007F:0202 00000000:0000 07 0:0 00:0 0 0 0 123 2 0 42\n'
    expect(dropsIn(table, '0100007F:0202')).toBe(42)
    expect(dropsIn(table, '0100007F:0203')).toBeNull()
  })

  it('is counted by the system for a socket that is not read', async (test) => {
    if (process.platform !== 'linux') return test.skip('only Linux tells')
    const deaf = createSocket({ type: 'udp4', recvBufferSize: 4096 })
    const sender = createSocket('udp4')
    onTestFinished(() => {
      deaf.close()
      sender.close()
    })
    await new Promise<void>((resolve) => deaf.bind(0, '127.0.0.1', resolve))
    const { port } = deaf.address()
    // Without a turn of the event loop, nothing is read.
    for (let n = 0; n < 100; n++) sender.send(Buffer.alloc(1000), port, '127.0.0.1')
    await new Promise<void>((resolve) => sender.send('last', port, '127.0.0.1', () => resolve()))
    expect(kernelDrops('127.0.0.1', port)).toBeGreaterThan(0)
  })
})
