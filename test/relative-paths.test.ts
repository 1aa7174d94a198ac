import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readAgentConfig } from '../agent/config.ts'
import { readIndexerConfig } from '../indexer/config.ts'

const home = process.cwd()
let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-beside-')))
  for (const name of ['etc', 'work']) mkdirSync(join(folder, name))
  process.chdir(join(folder, 'work'))
})
afterEach(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, lines: readonly string[]): string => {
  writeFileSync(join(folder, 'etc', name), `${lines.join('\n')}\n`)
  return join('../etc', name)
}

const AGENT = [
  'agent: { name: a, data: ./data, token: "${file:token}" }',
  'indexers: [http://127.0.0.1:9]',
  'tls: { ca: ca.pem, cert: /pki/cert.pem }',
  'inputs:',
  '  - file: { paths: ["logs/*.log", /var/log/a.log], exclude: ["*.tmp", "**/old/*", logs/not.log], integration: plain }',
  '  - syslog: { tls: { listen: "127.0.0.1:0", cert: s.pem, key: s-key.pem, ca: s-ca.pem } }',
]
const INDEXER = [
  'listen: https://127.0.0.1:0',
  'tls: { cert: i.pem, key: i-key.pem, client-ca: agents.pem }',
  'retention: r.yml',
  'rules: rules',
  'enrich: { geo: { file: places.mmdb } }',
  'store: { embedded: { path: ./store } }',
]

it('every relative path of agent.yml begins at its folder, wherever the agent is started', async () => {
  const file = write('agent.yml', AGENT)
  writeFileSync(join(folder, 'etc/token'), 'tok-1\n')
  const etc = join(folder, 'etc')
  const { agent, tls, inputs } = await readAgentConfig(file)
  expect(agent.data).toBe(join(etc, 'data'))
  expect(agent.token?.reveal()).toBe('tok-1')
  expect(tls).toEqual({ ca: join(etc, 'ca.pem'), cert: '/pki/cert.pem' })
  expect(inputs).toMatchObject([
    {
      file: {
        paths: [join(etc, 'logs/*.log'), '/var/log/a.log'],
        exclude: ['*.tmp', '**/old/*', join(etc, 'logs/not.log')],
      },
    },
    { syslog: { tls: { cert: join(etc, 's.pem'), key: join(etc, 's-key.pem'), ca: join(etc, 's-ca.pem') } } },
  ])
})

it('every relative path of indexer.yml begins at its folder, wherever the indexer is started', async () => {
  const file = write('indexer.yml', INDEXER)
  const etc = join(folder, 'etc')
  expect(await readIndexerConfig(file)).toMatchObject({
    tls: {
      cert: join(etc, 'i.pem'),
      key: join(etc, 'i-key.pem'),
      'client-ca': join(etc, 'agents.pem'),
    },
    retention: join(etc, 'r.yml'),
    rules: join(etc, 'rules'),
    enrich: { geo: { file: join(etc, 'places.mmdb') } },
    store: { embedded: { path: join(etc, 'store') } },
  })
  const cluster = 'store: { elasticsearch: { nodes: [http://127.0.0.1:9], ca: es.pem, path: ./store } }'
  expect(
    (await readIndexerConfig(write('indexer.yml', [...INDEXER.slice(0, -1), cluster]))).store,
  ).toMatchObject({ elasticsearch: { ca: join(etc, 'es.pem'), path: join(etc, 'store') } })
})

it('a data folder that an earlier version left where it was started is named, never replaced', async () => {
  writeFileSync(join(folder, 'etc/token'), 'tok-1\n')
  const read = {
    agent: () => readAgentConfig(write('agent.yml', AGENT)),
    indexer: () => readIndexerConfig(write('indexer.yml', INDEXER)),
  }
  const cases = [
    ['agent', 'agent.data', 'data', 'identity.json'],
    ['indexer', 'store.embedded.path', 'store', 'indexer-key.pem'],
  ] as const
  for (const [what, key, name, mark] of cases) {
    // A folder of another program is none of ours.
    mkdirSync(join(folder, 'work', name))
    await read[what]()
    writeFileSync(join(folder, 'work', name, mark), '')
    const before = join(folder, 'work', name)
    const now = join(folder, 'etc', name)
    await expect(read[what]()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        `${key}: ./${name} means ${now}, .* but ${before} is: .*Write ${key}: ${before}, or move that folder to ${now}`,
      ),
    })
    mkdirSync(now)
    writeFileSync(join(now, mark), '')
    await read[what]()
  }
})
