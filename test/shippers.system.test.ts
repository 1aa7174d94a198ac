import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, it, type TestContext } from 'vitest'
import { freePort, kill, type StoredEvent, System, until } from './system/system.ts'

/** Other people's shippers, as far as this machine has them, send files through the whole system. */
let system: System
let port: number
const shippers: ChildProcess[] = []
beforeEach(async () => {
  system = await System.make()
  port = await freePort()
  system.startIndexer()
  await system.ready()
})
afterEach(async () => {
  await Promise.all(shippers.splice(0).map((child) => kill(child, 'SIGKILL')))
  await system.end()
})

const COUNT = 500
const TOKEN = 'token-of-the-shipper'
const record = (n: number): string =>
  `{"time":"2026-01-02T03:04:05.000Z","action":"order.updated","user":"jane","message":"record ${n}"}`

/** The path of a program; undefined if the machine does not have it. */
const programOf = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .concat('/usr/sbin')
    .map((folder) => join(folder, name))
    .find(existsSync)

function needed(test: TestContext, name: string): string {
  return programOf(name) ?? test.skip(`this machine has no ${name}`)
}

function start(program: string, args: readonly string[]): void {
  shippers.push(spawn(program, args, { cwd: system.dir, stdio: 'ignore' }))
}

function write(name: string, text: string): string {
  const path = system.path(name)
  writeFileSync(path, text)
  return path
}

const app = (): string => write('app.log', Array.from({ length: COUNT }, (_, n) => `${record(n)}\n`).join(''))

async function agent(input: string): Promise<void> {
  system.writeAgentConfig(`  - ${input}`)
  system.startAgent()
  await until('the agent listens', async () => {
    const status = await system.status().catch(() => null)
    return status?.enrolled && (status.reception?.listeners.length ?? 0) > 0
  })
}

/** All records are stored, and each once. */
async function expectAll(): Promise<StoredEvent[]> {
  const events = await until(
    'all records are stored',
    async () => {
      const found = await system.events('user.name: jane and audit.seal.received: true')
      return found.length >= COUNT ? found : null
    },
    100_000,
  )
  const messages = events.map(({ message }) => message)
  expect(new Set(messages).size).toBe(COUNT)
  expect(messages.length).toBe(COUNT)
  return events
}

const bulk = (): string => `bulk: { listen: "127.0.0.1:${port}", tokens: ${TOKEN} }`

it('Fluent Bit sends by _bulk', async (test) => {
  const program = needed(test, 'fluent-bit')
  await agent(bulk())
  const parsers = write('parsers.conf', '[PARSER]\n    name json\n    format json\n')
  const config = write(
    'fluent-bit.conf',
    `[SERVICE]\n    flush 1\n    parsers_file ${parsers}\n` +
      `[INPUT]\n    name tail\n    path ${app()}\n    read_from_head on\n    parser json\n    tag app\n` +
      `[OUTPUT]\n    name es\n    match *\n    host 127.0.0.1\n    port ${port}\n    index app\n    suppress_type_name on\n` +
      `    http_user waybill\n    http_passwd ${TOKEN}\n    generate_id on\n    compress gzip\n`,
  )
  start(program, ['-c', config])
  await expectAll()
})

it('rsyslog sends by _bulk (omelasticsearch)', async (test) => {
  const modules = [
    '/usr/lib/x86_64-linux-gnu/rsyslog',
    '/usr/lib/aarch64-linux-gnu/rsyslog',
    '/usr/lib64/rsyslog',
  ]
  if (!modules.some((folder) => existsSync(join(folder, 'omelasticsearch.so'))))
    return test.skip('this machine has no rsyslog with omelasticsearch')
  const program = needed(test, 'rsyslogd')
  await agent(bulk())
  mkdirSync(system.path('rsyslog'))
  const config = write(
    'rsyslog.conf',
    `global(workDirectory="${system.path('rsyslog')}")\nmodule(load="imfile")\nmodule(load="omelasticsearch")\n` +
      `template(name="raw" type="string" string="%msg%")\n` +
      `input(type="imfile" file="${app()}" tag="app" ruleset="ship")\n` +
      `ruleset(name="ship") { action(type="omelasticsearch" server="127.0.0.1" serverport="${port}" searchIndex="app" searchType=""\n` +
      `  template="raw" bulkmode="on" uid="waybill" pwd="${TOKEN}" action.resumeRetryCount="-1") }\n`,
  )
  start(program, ['-n', '-f', config, '-i', system.path('rsyslog.pid')])
  await expectAll()
})

it('Filebeat sends by _bulk', async (test) => {
  const program = needed(test, 'filebeat')
  await agent(bulk())
  const config = write(
    'filebeat.yml',
    `filebeat.inputs:\n  - { type: filestream, id: app, paths: ["${app()}"], parsers: [{ ndjson: { target: "" } }] }\n` +
      `output.elasticsearch: { hosts: ["http://127.0.0.1:${port}"], username: waybill, password: ${TOKEN} }\n` +
      `path.home: ${system.path('filebeat')}\n`,
  )
  start(program, ['--strict.perms=false', '-c', config])
  await expectAll()
})

it('Vector sends by _bulk', async (test) => {
  const program = needed(test, 'vector')
  await agent(bulk())
  const config = write(
    'vector.yaml',
    `data_dir: ${system.path()}\nsources: { app: { type: file, include: ["${app()}"] } }\n` +
      'transforms: { json: { type: remap, inputs: [app], source: ". = parse_json!(.message)" } }\n' +
      `sinks: { waybill: { type: elasticsearch, inputs: [json], endpoints: ["http://127.0.0.1:${port}"], bulk: { index: app },\n` +
      `  auth: { strategy: basic, user: waybill, password: ${TOKEN} } } }\n`,
  )
  start(program, ['-c', config])
  await expectAll()
})

it.for([
  ['HTTP', 'http', 'otlphttp', ''],
  ['HTTP as JSON', 'http', 'otlphttp', 'encoding: json, '],
  ['gRPC', 'grpc', 'otlp', ''],
])("OpenTelemetry's collector sends by OTLP over %s", async ([_, key, exporter, more], test) => {
  const program = needed(test, 'otelcol')
  await agent(`otlp: { ${key}: "127.0.0.1:${port}", tokens: ${TOKEN} }`)
  const endpoint = key === 'http' ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`
  const config = write(
    'collector.yaml',
    `receivers: { filelog: { include: ["${app()}"], start_at: beginning, operators: [{ type: json_parser, parse_to: body }] } }\n` +
      `exporters: { ${exporter}: { endpoint: "${endpoint}", ${more}tls: { insecure: true }, headers: { authorization: "Bearer ${TOKEN}" } } }\n` +
      `service: { telemetry: { metrics: { level: none } }, pipelines: { logs: { receivers: [filelog], exporters: [${exporter}] } } }\n`,
  )
  start(program, ['--config', `file:${config}`])
  const events = await expectAll()
  expect(events[0]).toMatchObject({ event: { module: 'opentelemetry', action: 'order.updated' } })
})
