import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { checkIndexerConfig, readIndexerConfig } from '../indexer/config.ts'
import { ELASTICSEARCH_VERSION } from './engines/elasticsearch.ts'
import { System } from './system/system.ts'

/** What can be known of docker-compose.yml where there is no Docker: that its parts fit each other, and the programs that they run. */
const ROOT = join(import.meta.dirname, '..')
const TEXT = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')

const serviceSchema = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  restart: z.literal('unless-stopped').optional(),
  init: z.literal(true).optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  networks: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ulimits: z.record(z.string(), z.object({ soft: z.number(), hard: z.number() })).optional(),
  ports: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
    )
    .default({}),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()).min(2),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
      start_period: z.string(),
    })
    .optional(),
})
const named = z.record(z.string(), z.strictObject({}))
const compose = z
  .strictObject({
    name: z.string(),
    services: z.record(z.string(), serviceSchema),
    networks: named,
    volumes: named,
    secrets: z.record(z.string(), z.strictObject({ environment: z.string() })),
    configs: z.record(z.string(), z.strictObject({ content: z.string() })),
  })
  .parse(parse(TEXT))
const services = Object.entries(compose.services)

/** As compose hands a text on: a doubled $ is one. */
const unescaped = (text: string): string => text.replaceAll('$$', '$')
const folder = mkdtempSync(join(tmpdir(), 'waybill-compose-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A config as a container has it, with the places of the container in a folder of this test. */
function written(name: string, moved: Readonly<Record<string, string>>): string {
  let text = unescaped(compose.configs[name]?.content ?? '')
  for (const [from, to] of Object.entries(moved)) {
    expect(text).toContain(from)
    text = text.replaceAll(from, to)
  }
  const file = join(folder, `${name}.yml`)
  writeFileSync(file, text)
  return file
}

describe('docker-compose.yml', () => {
  it('uses what it declares, and declares what it uses', () => {
    const used = (of: (service: z.infer<typeof serviceSchema>) => readonly string[]) =>
      [...new Set(services.flatMap(([, service]) => of(service)))].toSorted()
    expect(used(({ networks }) => networks)).toEqual(Object.keys(compose.networks).toSorted())
    expect(used(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''))).toEqual(
      Object.keys(compose.volumes).toSorted(),
    )
    expect(used(({ secrets }) => secrets)).toEqual(Object.keys(compose.secrets).toSorted())
    expect(used(({ configs }) => configs.map(({ source }) => source))).toEqual(
      Object.keys(compose.configs).toSorted(),
    )
  })

  it('waits for what can come true: health of who has a check, an end of who ends', () => {
    for (const [name, { depends_on: needs }] of services)
      for (const [other, { condition }] of Object.entries(needs)) {
        const service = compose.services[other]
        const can =
          condition === 'service_healthy'
            ? service?.healthcheck !== undefined
            : service?.restart === undefined
        expect(service !== undefined && can, `${name} waits for ${other}`).toBe(true)
      }
  })

  it('has the versions that the tests run against, and this version of Waybill, built once', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    const images = new Set(services.map(([, { image }]) => image))
    expect([...images].toSorted()).toEqual([
      `docker.elastic.co/elasticsearch/elasticsearch:${ELASTICSEARCH_VERSION}`,
      `docker.elastic.co/kibana/kibana:${ELASTICSEARCH_VERSION}`,
      `waybill:${version}`,
    ])
    expect(services.filter(([, { build }]) => build !== undefined)).toHaveLength(1)
  })

  it('publishes ports on loopback only', () => {
    const ports = services.flatMap(([, service]) => service.ports)
    expect(ports.length).toBeGreaterThan(1)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it('says in its first lines how each variable that it asks for is made', () => {
    const asked = [...TEXT.matchAll(/(?<!\$)\$\{(\w+)(?::([?-]))?/g)].map(([, name]) => name ?? '')
    const head = TEXT.slice(0, TEXT.indexOf('\nname:'))
    const told = new Set(head.match(/\b[A-Z]+_[A-Z_]+(?==\$)/g))
    for (const name of [...asked, ...Object.values(compose.secrets).map(({ environment }) => environment)])
      expect(told, name).toContain(name)
  })

  it('gives the indexer settings that it takes', async () => {
    for (const name of ['operator-token', 'elasticsearch-key'])
      writeFileSync(join(folder, name), `${'k'.repeat(40)}\n`)
    const file = written('indexer', {
      '/run/secrets': folder,
      '/run/waybill-keys': folder,
      '/var/lib/waybill': folder,
    })
    const config = await readIndexerConfig(file)
    checkIndexerConfig(config, file)
    const { ports, volumes, secrets } = compose.services.indexer!
    expect(ports.map((port) => port.split(':').at(-1))).toEqual([String(config.listen.port)])
    // Where its settings read from is what is mounted there.
    expect(volumes).toContain('keys:/run/waybill-keys:ro')
    expect(secrets).toEqual(['operator-token'])
    expect(compose.services.setup?.volumes).toEqual(['keys:/var/lib/waybill'])
    expect(compose.services.setup?.command).toContain('--key-file=/var/lib/waybill/elasticsearch-key')
  })

  it('gives the agent settings that it takes, and an address where its health is asked', async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    // It says of a pattern without files that it may be wrong.
    for (const [name, content] of Object.entries({
      'a.jsonl': '{"user":"jane"}\n',
      'a.csv': 'user\njane\n',
      'a.log': 'x\n',
    }))
      writeFileSync(join(logs, name), content)
    const file = written('agent', { '/var/lib/waybill-agent': join(folder, 'agent'), '/var/log/app': logs })
    const system = await System.make()
    const { stdout, stderr, code } = await system.command(
      ['@bin/waybill-agent.js', 'check', '--config', file, '--offline'],
      { WAYBILL_TOKEN: 'none' },
    )
    await system.end()
    expect(stdout, stderr).not.toContain('WRONG')
    expect(code, stderr).toBe(0)
    const { healthcheck, environment } = compose.services.agent!
    const listening = /listen: "(.*)"/.exec(compose.configs.agent?.content ?? '')?.[1]
    expect(healthcheck?.test.at(-1)).toContain(`${listening}/healthz`)
    expect(Object.keys(environment)).toEqual(['WAYBILL_TOKEN'])
  })

  it('sets up with a command line and variables that setup reads', async () => {
    const { command = [], environment } = compose.services.setup!
    const [program, ...line] = command
    expect(program).toBe('waybill')
    const elsewhere = line.map((one) => one.replace(/http:\/\/[a-z]+:\d+/, 'http://127.0.0.1:1'))
    const system = await System.make()
    const values = Object.fromEntries(Object.keys(environment).map((name) => [name, 'x']))
    const known = await system.command(['@bin/waybill.js', ...elsewhere], values)
    // One of the two alone is refused only by who reads both.
    const [first = ''] = Object.keys(values)
    const half = await system.command(['@bin/waybill.js', ...elsewhere], { [first]: 'x' })
    await system.end()
    expect(known).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Elasticsearch can't be reached"),
    })
    expect(half.stderr).toContain(Object.keys(environment).join(' and '))
  })

  it('asks its programs for commands that they have, also in its first lines', async () => {
    const commands = [
      ...services.flatMap(([, { command = [] }]) => (/^waybill/.test(command[0] ?? '') ? [command] : [])),
      ...[...TEXT.matchAll(/indexer (waybill [a-z ]+[a-z])/g)].map(([, line = '']) => line.split(' ')),
    ].map(([program = '', ...rest]) => [program, ...rest.filter((one) => !/^[-/]|\//.test(one))] as const)
    expect(commands.length).toBeGreaterThan(4)
    const system = await System.make()
    for (const [program, ...words] of commands) {
      const { stdout } = await system.command([`@bin/${program}.js`, ...words, '--help'])
      expect(stdout.split('\n')[0], words.join(' ')).toContain([program, ...words].join(' '))
    }
    await system.end()
  })
})
