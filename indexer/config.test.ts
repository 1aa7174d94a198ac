import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config/index.ts'
import { accessRules, checkIndexerConfig, indexerConfigSchema, isLoopback } from './config.ts'

const parse = (text: string) => {
  const config = parseConfig(text, 'indexer.yml', indexerConfigSchema)
  checkIndexerConfig(config, 'indexer.yml')
  return config
}
const refusal = (text: string): string => {
  try {
    parse(text)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}
const STORE = 'store: { embedded: { path: ./data/store } }\n'
const ANYWHERE = 'listen: http://0.0.0.0:8600\nallow-plain-http: true\n'

describe('the settings of an indexer', () => {
  it('in their smallest form let the first agent enroll on loopback, and nobody read', () => {
    const config = parse(`listen: http://127.0.0.1:8600\n${STORE}`)
    expect(config.listen).toEqual({ secure: false, host: '127.0.0.1', port: 8600 })
    expect(accessRules(config)).toMatchObject({
      enroll: 'open-on-loopback',
      read: 'token',
      manage: 'token',
    })
  })

  it('as they are shipped are right, and with each line that is commented out', () => {
    const shipped = readFileSync(new URL('../config/indexer.yml', import.meta.url), 'utf8')
    expect(parse(shipped).store.embedded?.path).toBe('/var/lib/waybill/store')
    // A comment that holds a setting begins with its key; the TLS block belongs to another listen.
    const whole = shipped
      .replace(/^ {4}# (min-free:)/m, '    $1')
      .replace(
        /^# ((?:allow-plain-http|proxies|namespace|enroll|read|manage|sessions|masked|ingest|agents|shutdown|log): ?.*)$/gm,
        '$1',
      )
      .replace(/^# {3}((?:token-lifetime|silent-after|quota|shared-exports): .*)$/gm, '  $1')
    expect(whole).not.toBe(shipped)
    expect(parse(whole)).toEqual({
      ...parse(shipped),
      enroll: 'open-on-loopback',
      read: 'token',
      manage: 'token',
      proxies: ['127.0.0.1'],
      masked: { viewer: ['source.ip', 'audit.changes'] },
      ingest: { ...parse(shipped).ingest, workers: 1 },
    })
  })

  it('name each key in the file that is shipped', () => {
    const shipped = readFileSync(new URL('../config/indexer.yml', import.meta.url), 'utf8')
    for (const key of Object.keys(indexerConfigSchema.shape))
      expect(shipped).toMatch(new RegExp(`^(# )?${key}:`, 'm'))
  })

  it('off loopback are closed', () => {
    expect(accessRules(parse(ANYWHERE + STORE))).toMatchObject({
      enroll: 'token',
      read: 'token',
      manage: 'token',
    })
    for (const key of ['enroll', 'read', 'manage']) {
      expect(refusal(`${ANYWHERE}${key}: open-on-loopback\n${STORE}`)).toContain(`write ${key}: token`)
    }
  })

  it('of a demo are refused where others could reach it', () => {
    const demo = `demo: true\n${STORE}`
    expect(parse(`listen: http://127.0.0.1:8600\n${demo}`).demo).toBe(true)
    expect(parse(`listen: http://127.0.0.1:8600\n${STORE}`).demo).toBe(false)
    for (const open of [
      `${ANYWHERE}${demo}`,
      `listen: http://127.0.0.1:8600\nproxies: [127.0.0.1]\n${demo}`,
      'listen: http://127.0.0.1:8600\ndemo: true\nstore: { elasticsearch: { nodes: [http://127.0.0.1:9200], path: ./data } }\n',
    ])
      expect(refusal(open)).toContain('demo is only for a trial on one machine')
  })

  it('off loopback want https, or plain http by its name', () => {
    expect(refusal(`listen: http://0.0.0.0:8600\n${STORE}`)).toMatch(
      /use https with tls, or set allow-plain-http: true/,
    )
    expect(refusal(`listen: https://0.0.0.0:8600\n${STORE}`)).toContain('tls.cert')
    expect(refusal(`listen: http://127.0.0.1:1\ntls: { cert: c, key: k }\n${STORE}`)).toContain(
      'write listen: https',
    )
  })

  it('open what asks and manages on loopback only where they say so', () => {
    const open = (more: string) => accessRules(parse(`listen: http://127.0.0.1:1\n${more}\n${STORE}`))
    expect(open('read: open-on-loopback')).toMatchObject({ read: 'open-on-loopback', manage: 'token' })
    expect(open('manage: open-on-loopback')).toMatchObject({ read: 'token', manage: 'open-on-loopback' })
  })

  it('mask fields that there are, and none that an event is known by', () => {
    const masked = (field: string) => `listen: http://127.0.0.1:1\nmasked: { viewer: [${field}] }\n${STORE}`
    for (const field of ['source.ip', 'user', 'audit.payload.card', 'event.original'])
      expect(parse(masked(field)).masked.viewer).toEqual([field])
    for (const field of ['sourceip', 'event.id', '@timestamp', 'audit', 'source.ip.x'])
      expect(refusal(masked(field))).toContain('indexer.yml:2')
  })

  it('have one store, and Elasticsearch as it is shipped is right', () => {
    const shipped = readFileSync(new URL('../config/indexer.yml', import.meta.url), 'utf8')
    const block = /^ {2}# elasticsearch:\n(?: {2}# {3}.*\n)+/m.exec(shipped)?.[0] ?? ''
    const text = block.replace(/^ {2}# /gm, '  ').replace('${env:WAYBILL_ES_API_KEY}', 'a2V5')
    const { store } = parse(`listen: http://127.0.0.1:1\nstore:\n${text}`)
    expect(store.elasticsearch).toMatchObject({
      nodes: ['https://es1.example:9200', 'https://es2.example:9200'],
      ca: '/etc/waybill/elasticsearch-ca.pem',
      path: '/var/lib/waybill',
      setup: 'automatic',
    })
    const elasticsearch = (more: string) =>
      `listen: http://127.0.0.1:1\nstore: { elasticsearch: { nodes: ['http://127.0.0.1:9200'], path: p${more} } }\n`
    expect(refusal(elasticsearch(' }, embedded: { path: q'))).toContain('either embedded or elasticsearch')
    expect(refusal('listen: http://127.0.0.1:1\nstore: {}\n')).toContain('either embedded or elasticsearch')
    expect(refusal(elasticsearch(', username: u'))).toContain('go together')
    expect(refusal(elasticsearch(', username: u, password: hush, api-key: k'))).toContain('not both')
    expect(refusal(elasticsearch('').replace("'http://127", "'http://u:hush@127"))).toContain(
      'without user and password',
    )
  })

  it('name the place of what is wrong, and show no token', () => {
    expect(refusal(`listen: nowhere\n${STORE}`)).toMatch(
      /^indexer\.yml:1: listen: found "nowhere"; expected scheme, host and port/,
    )
    expect(refusal(`listen: http://127.0.0.1:1\nenrol: token\n${STORE}`)).toMatch(
      /indexer\.yml:2: unknown key "enrol" \(did you mean "enroll"\?\)/,
    )
    expect(refusal(`listen: http://127.0.0.1:1\n${STORE}ingest: { in-flight: 1MiB }\n`)).toContain(
      'indexer.yml:3',
    )
    const short = refusal(
      `listen: http://127.0.0.1:1\n${STORE}tokens:\n  - { name: a, token: hush-hush, scopes: [read] }\n`,
    )
    expect(short).toContain('at least 16 characters')
    const same = '{ name: a, token: 0123456789abcdef, scopes: [read] }'
    expect(refusal(`listen: http://127.0.0.1:1\n${STORE}tokens: [${same}, ${same}]\n`)).toContain(
      'two tokens are named "a"',
    )
  })
})

it('loopback is what no other machine reaches', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    expect(isLoopback(host)).toBe(true)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '']) {
    expect(isLoopback(host)).toBe(false)
  }
})
