import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestIndexer } from '../ingest/testing.ts'
import { IndexerClient } from './client.ts'
import { indexerUrlOf, makeWatcherToken, webhookOf } from './webhook.ts'

const indexer = new URL('https://indexer.example:8600')
let folder: string
let file: string
const said: string[] = []
const say = (sentence: string): void => void said.push(sentence)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-webhook-'))
  file = join(folder, 'watcher-token')
  said.length = 0
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const never = () => Promise.reject(new Error('nothing was to be made'))
const given = { indexer, token: undefined, dryRun: false } as const

describe('where watches tell their alerts', () => {
  it('is over https, or loopback', () => {
    expect(indexerUrlOf('https://indexer.example:8600').href).toBe('https://indexer.example:8600/')
    expect(indexerUrlOf('http://127.0.0.1:8600').host).toBe('127.0.0.1:8600')
    expect(() => indexerUrlOf('http://indexer.example:8600')).toThrow('unencrypted; use https')
    for (const text of ['indexer:8600', 'ftp://x', 'https://a:b@x', 'https://x/?a=b'])
      expect(() => indexerUrlOf(text)).toThrow('expected a URL such as')
  })

  it('keeps the path behind which a proxy has the indexer', async () => {
    const at = { ...given, indexer: new URL('https://acme.example/waybill/'), file: undefined }
    const { url } = await webhookOf({ ...at, token: 'a-token-of-watches' }, never, say)
    expect(url).toBe('https://acme.example/waybill/v1/alerts')
  })
})

describe('the token of watches', () => {
  it('is made once and kept for its owner: the next setup finds the same', async () => {
    const first = await webhookOf({ ...given, file }, async () => 'a-token-that-was-made', say)
    expect(first).toEqual({
      url: 'https://indexer.example:8600/v1/alerts',
      token: 'a-token-that-was-made',
    })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await webhookOf({ ...given, file }, never, say)).toEqual(first)
  })

  it('is not made by a dry run, which says that it would be', async () => {
    await webhookOf({ ...given, file, dryRun: true }, never, say)
    expect(said).toEqual([`Setup would make a token for the watches, and keep it in ${file}.`])
    expect(await readdir(folder)).toEqual([])
  })

  it('leaves no empty file behind when the indexer makes none', async () => {
    await expect(webhookOf({ ...given, file }, never, say)).rejects.toThrow('nothing was to be made')
    expect(await readdir(folder)).toEqual([])
  })

  it('is made only where it can be kept', async () => {
    const nowhere = { ...given, file: join(folder, 'none', 'token') }
    await expect(webhookOf(nowhere, never, say)).rejects.toThrow('--watcher-token-file')
    await expect(webhookOf({ ...given, file: undefined }, never, say)).rejects.toThrow(
      'WAYBILL_WATCHER_TOKEN',
    )
  })

  it('is refused where it is none', async () => {
    await writeFile(file, 'two words\n')
    await expect(webhookOf({ ...given, file }, never, say)).rejects.toThrow(`${file} holds no token`)
    await expect(webhookOf({ ...given, file, token: 'short' }, never, say)).rejects.toThrow(
      'WAYBILL_WATCHER_TOKEN holds no token',
    )
  })

  it('of a real indexer may tell alerts and nothing else', async () => {
    const real = await TestIndexer.start({ read: 'token', manage: 'token' })
    try {
      const local = JSON.parse(await readFile(join(real.folder, 'store', 'local-token'), 'utf8')) as {
        token: string
      }
      const token = await makeWatcherToken(new IndexerClient(new URL(real.url), local.token))
      const headers = { authorization: `Bearer ${token}` }
      const answer = await real.ask('/v1/alerts', { headers, json: { rule: 'mass-export' } })
      expect([answer.status, answer.json.detail]).toEqual([400, expect.stringContaining('execution')])
      for (const path of ['/v1/search', '/v1/agents', '/v1/users'])
        expect((await real.ask(path, { headers })).status, path).toBe(403)
    } finally {
      await real.end()
    }
  })
})
