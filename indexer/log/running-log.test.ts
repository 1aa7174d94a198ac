import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AGENT, batchOf, eventAt, INCARNATION } from '../store/testing/batches.ts'
import { followKeys, openNote, type VerifierKey } from './index.ts'
import { Ground, keysOf, ORIGIN, range } from './testing/ground.ts'
import { plainLog, rootOfEntries } from './testing/plain-reader.ts'

describe('the log of an indexer', () => {
  it('has a statement for each waybill, in the order of storing, under a checkpoint that both of its keys sign', async () => {
    const ground = await Ground.make()
    const batch = batchOf(3, [eventAt(1)])
    await ground.store.write(batch)
    await ground.write(1, 2)
    const log = await ground.round()
    const { entries, origin } = plainLog(ground.public)
    expect(origin).toBe(ORIGIN)
    expect(ground.sequences()).toEqual([3, 1, 2])
    const manifest = createHash('sha256').update(batch.manifestBytes).digest('hex')
    expect(entries[0]).toBe(
      `{"agent":"${AGENT}","incarnation":"${INCARNATION}","key":"${batch.manifest.key}","manifest":"${manifest}","sequence":3,"version":1}`,
    )
    const { signatures } = openNote(await readFile(join(ground.public, 'checkpoint'), 'utf8'), keysOf(log))
    expect(signatures.map(({ key, time }) => [key.name, key.type, time])).toEqual([
      [ORIGIN, 'ed25519', null],
      [ORIGIN, 'ml-dsa-44-cosignature', ground.now / 1000],
    ])
  })

  it('grows over the borders of tiles, in one process or in many, and each checkpoint is consistent with those before', async () => {
    const ground = await Ground.make()
    const heads: { size: number; root: string; checkpoint: string }[] = []
    let log = ground.log()
    let next = 1
    for (const count of [1, 200, 55, 1, 0, 255, 300]) {
      await ground.write(...range(next, next + count - 1))
      next += count
      if (count % 2 === 1) log = ground.log()
      await log.round()
      const { size, root } = plainLog(ground.public)
      heads.push({ size, root, checkpoint: log.checkpoint! })
    }
    const all = plainLog(ground.public).entries
    for (const { size, root } of heads) expect(rootOfEntries(all.slice(0, size))).toBe(root)
    expect(ground.sequences()).toEqual(range(1, next - 1))
    // Proofs from each head to each later one.
    for (const [i, { size }] of heads.entries())
      for (const later of heads.slice(i)) await log.reader.consistency(size, later.size)
    for (const index of [0, 255, 256, 700]) await log.reader.inclusion(index, 812)
    // The partial files of full tiles are gone.
    const names = await readdir(join(ground.public, 'tile', 'entries'))
    expect(names.toSorted()).toEqual(['000', '001', '002', '003.p'])
  })

  it('makes no new checkpoint while nothing is stored', async () => {
    const ground = await Ground.make()
    await ground.write(1)
    const log = await ground.round()
    const before = log.checkpoint
    ground.now += 60_000
    await log.round()
    await ground.round()
    expect(await readFile(join(ground.public, 'checkpoint'), 'utf8')).toBe(before)
  })

  it('finds the place of each waybill, and of none that is not there', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 300))
    const log = await ground.round()
    const key = { agent: AGENT, incarnation: INCARNATION }
    for (const sequence of [1, 2, 256, 300])
      expect((await log.place({ ...key, sequence }))?.index).toBe(sequence - 1)
    expect(await log.place({ ...key, sequence: 301 })).toBeNull()
    expect(await log.place({ ...key, agent: 'another', sequence: 1 })).toBeNull()
  })

  it('goes on after its state was lost, from its checkpoint, without a waybill twice', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 300))
    await ground.round()
    await rm(join(ground.folder, 'log-state.json'))
    await ground.write(301, 302)
    await ground.round()
    expect(ground.sequences()).toEqual(range(1, 302))
    expect(ground.said.join()).toContain('is lost: it goes on from its checkpoint of 300 entries')
  })

  it('takes each new waybill of a store that was restored to an earlier state, and says so', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 20))
    const saved = join(ground.folder, 'saved')
    await ground.store.close()
    await cp(join(ground.folder, 'store'), saved, { recursive: true })
    await ground.openStore(join(ground.folder, 'store'))
    await ground.write(...range(21, 30))
    await ground.round()
    await ground.openStore(saved)
    await ground.write(40, 41, 25)
    await ground.round()
    expect(ground.sequences()).toEqual([...range(1, 30), 40, 41])
    expect(ground.acts.map(({ action }) => action)).toEqual(['log-compare'])
    await ground.write(42)
    await ground.round()
    expect(ground.sequences().slice(-2)).toEqual([41, 42])
    expect(ground.acts.length).toBe(1)
  })

  it('waits, says why and signs nothing while its files contradict its checkpoint, and goes on when they are restored', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 10))
    await ground.round()
    const file = join(ground.public, 'tile', 'entries', '000.p', '10')
    const bytes = await readFile(file)
    await writeFile(
      file,
      Buffer.from(bytes.toString('latin1').replace('"sequence":4', '"sequence":5'), 'latin1'),
    )
    const before = await readFile(join(ground.public, 'checkpoint'), 'utf8')
    await ground.write(11)
    const log = ground.log()
    await log.round()
    expect(log.status().problem).toContain('do not give the root of its 10 entries')
    expect(await readFile(join(ground.public, 'checkpoint'), 'utf8')).toBe(before)
    await log.round()
    expect(ground.said.filter((line) => line.includes('waits')).length).toBe(1)
    await writeFile(file, bytes)
    await log.round()
    expect(log.status().problem).toBeNull()
    expect(ground.sequences()).toEqual(range(1, 11))
  })

  it.each([
    // As on a full disk: some files of the new size are written, and then no more.
    ['a tile', ['log', 'tile', '1']],
    ['its state', ['log-state.json.tmp']],
    ['the checkpoint', ['log', 'checkpoint.tmp']],
  ])('goes on without a gap or a second entry when it could not write %s for a while', async (_, path) => {
    const ground = await Ground.make()
    await ground.write(...range(1, 250))
    const log = await ground.round()
    const before = log.checkpoint
    const blocked = join(ground.folder, ...path)
    // A folder is in the way of a file, and a file in the way of a folder.
    if (path.at(-1) === '1') await writeFile(blocked, '')
    else await mkdir(blocked)
    await ground.write(...range(251, 260))
    await log.round()
    expect(log.status().problem).toContain('The transparency log waits')
    await ground.write(...range(261, 300))
    await log.round()
    expect(await readFile(join(ground.public, 'checkpoint'), 'utf8')).toBe(before)
    // The store was never in its way.
    expect((await ground.store.chains(AGENT))[0]?.last).toBe(300)
    await rm(blocked, { recursive: true })
    await log.round()
    expect(log.status().problem).toBeNull()
    expect(ground.sequences()).toEqual(range(1, 300))
    expect((await log.place({ agent: AGENT, incarnation: INCARNATION, sequence: 255 }))?.index).toBe(254)
  })

  it('that lost its files says so at the start, proves nothing, and does not publish its checkpoint over them', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 10))
    await ground.round()
    await rm(ground.public, { recursive: true })
    const log = ground.log()
    await log.round()
    expect(log.status().problem).toContain('Restore the folder from a backup')
    await expect(log.proof({ agent: AGENT, incarnation: INCARNATION, sequence: 1 })).rejects.toThrow(
      'so it proves nothing',
    )
    expect(existsSync(join(ground.public, 'checkpoint'))).toBe(false)
  })

  it('keeps its origin: another one in the settings is refused in one sentence', async () => {
    const ground = await Ground.make()
    await ground.round()
    const log = ground.log({ origin: 'another.example' })
    await log.round()
    expect(log.status().problem).toContain(`has the origin ${ORIGIN}, which can't change`)
    // Without a setting it is what it was.
    expect((await ground.round({})).status().head?.origin).toBe(ORIGIN)
  })

  it('does not sign with another key than before, unless the old one signs the new', async () => {
    const ground = await Ground.make()
    await ground.write(1)
    await ground.round()
    const keys = join(ground.folder, 'log-keys')
    const key = await readFile(join(keys, '001.pem'))
    await rm(join(keys, '001.pem'))
    const log = ground.log()
    await log.round()
    expect(log.status().problem).toContain('restore it from a backup')
    await writeFile(join(keys, '001.pem'), 'no key')
    await log.round()
    expect(log.status().problem).toContain('001.pem holds no keys')
    await writeFile(join(keys, '001.pem'), key)
    await log.round()
    expect(log.status().problem).toBeNull()
  })
})

describe('a command that signs', () => {
  it('has the keys of the log; a new key that it lists before the old one is signed by that', async () => {
    const ground = await Ground.make()
    const program = join(ground.folder, 'sign-log')
    const keysOfCommand = join(ground.folder, 'command-keys.json')
    await writeFile(
      program,
      `#!${process.execPath}
const { createPrivateKey, createPublicKey, sign } = require('node:crypto')
const pems = JSON.parse(require('node:fs').readFileSync(${JSON.stringify(keysOfCommand)}, 'utf8'))
const publicOf = (pem) => createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' })
if (process.argv.at(-1) === 'public-keys') console.log(pems.map(publicOf).join(''))
else {
  const [, key, message] = /^(-----BEGIN[^]*END PUBLIC KEY-----)\\n(.*)\\n$/.exec(require('node:fs').readFileSync(0, 'utf8'))
  const pem = pems.find((one) => publicOf(one).trim() === key)
  console.log(sign(null, Buffer.from(message, 'base64'), createPrivateKey(pem)).toString('base64'))
}
`,
      { mode: 0o755 },
    )
    const pem = (type: 'ed25519' | 'ml-dsa-44'): string => {
      const { privateKey } = type === 'ed25519' ? generateKeyPairSync(type) : generateKeyPairSync(type)
      return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    }
    const old = [pem('ed25519'), pem('ml-dsa-44')]
    await writeFile(keysOfCommand, JSON.stringify(old))
    const settings = { origin: ORIGIN, keys: { command: [program, '--any'] } }
    await ground.write(1)
    const log = await ground.round(settings)
    const first = keysOf(log)
    expect(openNote(log.checkpoint!, first).signatures.length).toBe(2)
    await expect(log.rotate({ name: 'eve' })).rejects.toThrow('let it list a new key before the old one')
    // A device may know Ed25519 only.
    await writeFile(keysOfCommand, JSON.stringify([pem('ed25519'), ...old]))
    const next = await ground.round(settings)
    expect(openNote(next.checkpoint!, keysOf(next)).signatures.length).toBe(3)
    expect((await followKeys(next.reader, ORIGIN, first)).length).toBe(3)
    await writeFile(program, '#!/bin/sh\necho it is locked >&2\nexit 1\n')
    const broken = ground.log(settings)
    await broken.round()
    expect(broken.status().problem).toMatch(/the command .* failed: .*it is locked/s)
  })
})

describe('a new key', () => {
  it('is signed by the old one, which signs beside it until its time is over', async () => {
    const ground = await Ground.make()
    await ground.write(1)
    const log = await ground.round({ origin: ORIGIN, overlap: '1d' })
    const old = keysOf(log)
    await log.rotate({ name: 'eve' })
    expect(ground.acts).toMatchObject([{ action: 'log-key-rotate', by: { name: 'eve' } }])
    const both = keysOf(log)
    expect(both.length).toBe(4)
    expect(openNote(log.checkpoint!, both).signatures.length).toBe(4)
    expect(openNote(log.checkpoint!, old).signatures.length).toBe(2)
    // Someone who knows the first key learns the second.
    const names = (keys: readonly VerifierKey[]) => keys.map(({ id }) => id).toSorted()
    expect(names(await followKeys(log.reader, ORIGIN, old))).toEqual(names(both))
    expect(await followKeys(log.reader, ORIGIN, [])).toEqual([])
    ground.now += 86_400_001
    await ground.write(2)
    const later = await ground.round({ origin: ORIGIN, overlap: '1d' })
    expect(openNote(later.checkpoint!, both).signatures.length).toBe(2)
    expect(() => openNote(later.checkpoint!, old)).toThrow('no trusted key signed it')
    expect(await readdir(join(ground.folder, 'log-keys'))).toEqual(['002.pem'])
    // And a third.
    await later.rotate({ name: 'eve' })
    expect((await followKeys(later.reader, ORIGIN, old)).length).toBe(6)
  })

  it('in a note that somebody else wrote is not believed', async () => {
    const ground = await Ground.make()
    const log = await ground.round()
    const old = keysOf(log)
    const other = await Ground.make()
    const others = await other.round()
    await others.rotate({ name: 'eve' })
    await cp(join(other.public, 'keys'), join(ground.public, 'keys'), { recursive: true })
    expect(await followKeys(log.reader, ORIGIN, old)).toEqual(old)
    await log.rotate({ name: 'eve' })
    const file = join(ground.public, 'keys', '1')
    await writeFile(file, (await readFile(file, 'utf8')).replace('size 0', 'size 1'))
    await expect(followKeys(log.reader, ORIGIN, old)).rejects.toThrow('is wrong')
  })
})
