import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AgentConfig, readAgentConfig } from './config.ts'
import { doorEntriesOf } from './doors.ts'

function read(inputs: string): Promise<AgentConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'agent.yml')
  writeFileSync(file, `agent: { name: a, data: d }\nindexers: [http://127.0.0.1:8600]\ninputs:\n${inputs}\n`)
  return readAgentConfig(file)
}

const TLS = 'cert: a.pem, key: b.pem'

describe('an input that listens for HTTP', () => {
  it.each([
    'bulk: { listen: "127.0.0.1:9200" }',
    'bulk: { listen: "[::1]:9200" }',
    `bulk: { tls: { listen: "0.0.0.0:9200", ${TLS} }, tokens: secret }`,
    `bulk: { tls: { listen: "0.0.0.0:9200", ${TLS}, ca: c.pem, client: required } }`,
    'bulk: { listen: "0.0.0.0:9200", allow-plain-http: true, tokens: [one, two] }',
    'webhook: { listen: "127.0.0.1:1", hooks: { /github: { from: github, secret: s } } }',
    'otlp: { http: "127.0.0.1:4318", grpc: "127.0.0.1:4317" }',
    `otlp: { tls: { http: "0.0.0.0:4318", grpc: "0.0.0.0:4317", ${TLS} }, tokens: s }`,
  ])('is taken as %s', async (input) => {
    await expect(read(`  - ${input}`)).resolves.toBeDefined()
  })

  it.each([
    ['bulk: { listen: "0.0.0.0:9200", tokens: s }', 'plain HTTP is readable by them: use tls'],
    ['bulk: { listen: "10.0.0.1:9200", allow-plain-http: true }', 'expected tokens'],
    [`bulk: { tls: { listen: "0.0.0.0:9200", ${TLS} } }`, 'expected tokens'],
    [`bulk: { tls: { listen: "0.0.0.0:9200", ${TLS}, client: optional, ca: c.pem } }`, 'expected tokens'],
    [`bulk: { tls: { listen: "0.0.0.0:9200", ${TLS}, client: required }, tokens: s }`, 'expected ca'],
    ['bulk: { tokens: s }', 'expected listen or tls'],
    ['otlp: { tokens: s }', 'expected at least one of http, grpc'],
    [
      'otlp: { grpc: "0.0.0.0:4317", tokens: s }',
      'otlp.grpc: found "0.0.0.0:4317"; 0.0.0.0 is reached by others',
    ],
    ['webhook: { listen: "127.0.0.1:1", hooks: {} }', 'expected at least one webhook'],
    [
      'webhook: { listen: "127.0.0.1:1", hooks: { github: { from: github, secret: s } } }',
      'expected a path such as /github',
    ],
    ['webhook: { listen: "0.0.0.0:1", hooks: { /a: { from: okta, secret: s } } }', 'use tls'],
    ['webhook: { listen: "127.0.0.1:1", hooks: { /a: { from: gitlab, secret: s } } }', 'github'],
    ['webhook: { listen: "127.0.0.1:1", hooks: { /a: { from: github } } }', 'secret'],
  ])('%s is refused with the remedy', async (input, sentence) => {
    await expect(read(`  - ${input}`)).rejects.toThrow(sentence)
  })

  it('serves its two addresses apart: one plain, one with its certificate', async () => {
    const config = await read(
      `  - bulk: { listen: "127.0.0.1:9200", tls: { listen: "0.0.0.0:9243", ${TLS} }, tokens: s }`,
    )
    const [entry] = doorEntriesOf(config)
    expect(entry?.names).toEqual(['bulk 127.0.0.1:9200', 'bulk 0.0.0.0:9243'])
    expect(entry?.listenings.map(({ listens, tls }) => [listens[0]?.port, tls === null])).toEqual([
      [9200, true],
      [9243, false],
    ])
  })
})

describe('an input that fetches', () => {
  it.each([
    ['fetch: { from: okta, name: a, url: "http://acme.okta.com", token: t }', 'plain HTTP shows the token'],
    ['fetch: { from: okta, name: a, token: t }', 'fetch.url: missing'],
    ['fetch: { from: okta, name: a, token: t, url: acme.okta.com }', 'expected a URL such as https://acme'],
    ['fetch: { from: github, name: a, token: t, owner: acme }', 'expected orgs/NAME'],
    ['fetch: { from: github, name: "a b", token: t, owner: orgs/acme }', 'expected a name of letters'],
    [
      'fetch: { from: clockify, name: a, token: t, workspace: w, since: yesterday }',
      'expected a time such as',
    ],
  ])('%s is refused with the remedy', async (input, sentence) => {
    await expect(read(`  - ${input}`)).rejects.toThrow(sentence)
  })

  it('has a name of its own', async () => {
    const one = '  - fetch: { from: clockify, name: a, token: t, workspace: w }'
    await expect(read(one)).resolves.toBeDefined()
    await expect(read(`${one}\n${one}`)).rejects.toThrow('a is the name of another entry as well')
  })
})
