import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isSealed, openSecretBox, SecretBox } from './secret-box.ts'

const box = (): SecretBox => new SecretBox(randomBytes(32), randomBytes)
const secret = Buffer.from('a secret of a second factor')

describe('a secret box', () => {
  it('opens what it sealed, and nothing that was changed, moved or sealed by another key', () => {
    const mine = box()
    const sealed = mine.seal(secret, 'user/jane')
    expect(mine.open(sealed, 'user/jane')).toEqual(secret)
    expect(sealed).not.toContain(secret.toString('base64'))
    expect(mine.seal(secret, 'user/jane')).not.toBe(sealed)
    expect(mine.open(sealed, 'user/mallory')).toBeNull()
    expect(box().open(sealed, 'user/jane')).toBeNull()
    const bytes = Buffer.from(sealed.slice(3), 'base64')
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= 1
      expect(mine.open(`v1:${changed.toString('base64')}`, 'user/jane')).toBeNull()
    }
    expect(mine.open('v1:AAAA', 'user/jane')).toBeNull()
  })

  it('reads what an earlier version kept plainly', () => {
    const plain = secret.toString('base64')
    expect([isSealed(plain), box().open(plain, 'user/jane')]).toEqual([false, secret])
  })
})

describe('its key', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-box-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const open = (setting: string | null = null) => openSecretBox({ folder, setting, random: randomBytes })

  it('is made once, for this user alone, and kept', async () => {
    const sealed = (await open()).seal(secret, 'x')
    const file = join(folder, 'secrets-key')
    expect((await stat(file)).mode & 0o077).toBe(0)
    const text = await readFile(file, 'utf8')
    expect((await open()).open(sealed, 'x')).toEqual(secret)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('of the settings is the same for all indexers that have it', async () => {
    const sealed = (await open('a long and secret text of the settings')).seal(secret, 'x')
    expect((await open('a long and secret text of the settings')).open(sealed, 'x')).toEqual(secret)
    expect((await open('another long and secret text of them')).open(sealed, 'x')).toBeNull()
  })

  it('that is damaged is named, and not replaced', async () => {
    await writeFile(join(folder, 'secrets-key'), 'abc')
    await expect(open()).rejects.toThrow(/secrets-key is damaged: expected 64 hex digits/)
    expect(await readFile(join(folder, 'secrets-key'), 'utf8')).toBe('abc')
  })
})
