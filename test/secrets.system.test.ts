import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { changedSecrets, secretTexts } from '../agent/normalise/mask/corpus/index.ts'
import { freePort, kill, System, until } from './system/system.ts'

/** All files below a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** What a file says, and what is compressed in it. */
function contentOf(path: string): string {
  const bytes = readFileSync(path)
  let content = bytes.toString('latin1')
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
  for (let at = bytes.indexOf(frame); at !== -1; at = bytes.indexOf(frame, at + 1)) {
    try {
      content += zstdDecompressSync(bytes.subarray(at)).toString('latin1')
    } catch {
      // Four bytes that only look like a frame, or one with something behind it.
    }
  }
  return content
}

it('no secret is anywhere: spool, journal, state, store, dead letters, logs, answers', {
  timeout: 240_000,
}, async () => {
  const system = await System.make()
  onTestFinished(() => system.end())
  const tcp = await freePort()
  const indexer = system.startIndexer()
  await system.ready()
  const texts = secretTexts(11).filter(({ text }) => !text.includes('\n'))
  const secrets = new Set(texts.flatMap((one) => one.secrets))
  const lines = (write: (text: string) => string): string =>
    texts.map(({ text }) => `${write(text)}\n`).join('')
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
  writeFileSync(
    system.path('a.jsonl'),
    lines((text) => JSON.stringify({ user: 'bob', action: 'note', note: text })),
  )
  // The same where no JSON is: these become events that say why they were not understood.
  writeFileSync(
    system.path('broken.jsonl'),
    lines((text) => `{"user":"bob","note":${text}`),
  )
  writeFileSync(
    system.path('a.log'),
    lines((text) => text),
  )
  writeFileSync(system.path('a.csv'), `user,action,note\n${lines((text) => `bob,note,${quoted(text)}`)}`)
  system.writeAgentConfig(
    `  - file: { paths: ["${system.path('*.jsonl')}"], integration: generic-json }
  - file: { paths: ["${system.path('a.log')}"], integration: plain }
  - file: { paths: ["${system.path('a.csv')}"], integration: generic-csv }
  - syslog: { tcp: "127.0.0.1:${tcp}" }`,
    { more: 'log: { level: debug }' },
  )
  const agent = system.startAgent()
  await until('the agent listens', async () => {
    const status = await system.status().catch(() => null)
    return status?.enrolled && (status.reception?.listeners.length ?? 0) > 0
  })
  const socket = connect(tcp, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(lines((text) => `<13>1 2026-01-22T10:00:00Z web-1 app 7 - - ${text}`))
  const status = await until(
    'all is stored',
    async () => {
      const now = await system.status()
      return now.total.read >= texts.length * 5 && now.total.pending === 0 ? now : null
    },
    120_000,
  )
  expect(status.total.read).toBe(texts.length * 5)
  await until('the journal is removed', () => readdirSync(system.path('agent-data', 'journal')).length === 0)
  const answered = JSON.stringify(await system.events())
  await kill(agent, 'SIGTERM')
  await kill(indexer, 'SIGTERM')
  const files = [...filesIn(system.path('agent-data')), ...filesIn(system.path('store'))]
  const logs = [system.path('agent.out'), system.path('indexer.out')]
  const found: string[] = []
  for (const [place, content] of [
    ...[...files, ...logs].map((path) => [path, contentOf(path)] as const),
    ['the answers', answered] as const,
  ]) {
    for (const secret of secrets) if (content.includes(secret)) found.push(`${place}: ${secret}`)
  }
  console.log(
    `${secrets.size} secrets, five times each, looked for in ${files.length} files, 2 logs and all answers: ${found.length} found.`,
  )
  expect(answered).toContain('[masked:password]')
  expect(found).toEqual([])
})

/** Records of one length, so that those of two seeds stand at the same places. */
function recordsOf(
  seed: number,
  most: number,
): { readonly lines: string; readonly count: number; readonly secrets: readonly string[] } {
  const told = secretTexts(seed)
    .filter(({ text }) => !text.includes('\n'))
    .slice(0, most)
  const records = [
    ...told.map(({ text }, i) =>
      // What is no JSON becomes an event that says so, and keeps its text.
      i % 3 === 0
        ? `{"user":"bob","note":${text}`
        : JSON.stringify({ user: 'bob', action: 'note', note: text }),
    ),
    ...changedSecrets(seed).map(({ text }) => text),
  ]
  const length = 4096
  const fitting = records.map((record) => record + ' '.repeat(length - Buffer.byteLength(record)))
  return {
    lines: fitting.map((record) => `${record}\n`).join(''),
    count: records.length,
    secrets: [...told, ...changedSecrets(seed)].flatMap((one) => one.secrets),
  }
}

it('no secret is in a dead letter, where letters are kept, listed, shown and told of', {
  timeout: 400_000,
}, async () => {
  const system = await System.make()
  onTestFinished(() => system.end())
  mkdirSync(system.logs)
  const indexer = system.startIndexer()
  await system.ready()
  const input = (folder: string): string =>
    `  - file: { paths: ["${folder}/*.jsonl"], integration: generic-json }`
  const settled = async (name: string, count: number) =>
    await until(
      `${name} has read ${count} records`,
      async () => {
        const { total } = await system.status(name)
        return total.read >= count && total.pending === 0 ? total : null
      },
      120_000,
    )
  system.writeAgentConfig(input(system.logs), { more: 'log: { level: debug }' })
  // As long as a file has to be to be known again.
  const begin = Array.from(
    { length: 50 },
    (_, n) => `${JSON.stringify({ user: 'bob', action: 'begin', n })}\n`,
  )
  writeFileSync(system.path('logs/app.jsonl'), begin.join(''))
  const first = system.startAgent()
  await until('the agent is there', async () => await system.status().catch(() => null))
  await settled('agent', begin.length)
  await kill(first, 'SIGTERM')
  // A copy of the agent and of its file: other records at the same places collide, and go to the dead letters.
  renameSync(system.logs, system.path('first'))
  cpSync(system.path('first'), system.logs, { recursive: true })
  cpSync(system.path('agent-data'), system.path('copy-data'), { recursive: true })
  system.writeAgentConfig(input(system.path('first')), { more: 'log: { level: debug }' })
  system.writeAgentConfig(input(system.logs), {
    name: 'copy',
    called: 'agent',
    more: 'log: { level: debug }',
  })
  const stored = recordsOf(21, 120)
  const dead = recordsOf(22, 120)
  expect(dead.count).toBe(stored.count)
  appendFileSync(system.path('first/app.jsonl'), stored.lines)
  const agent = system.startAgent()
  await settled('agent', stored.count + begin.length)
  appendFileSync(system.path('logs/app.jsonl'), dead.lines)
  const copy = system.startAgent('copy')
  const total = await settled('copy', dead.count + begin.length)
  expect(total.dead, JSON.stringify(total)).toBeGreaterThan(dead.count / 2)

  const told = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await system.command([
      '@bin/waybill.js',
      'dead-letters',
      ...args,
      '--url',
      system.url,
    ])
    expect(code, stderr).toBe(0)
    return stdout + stderr
  }
  const listed = await told('list', '--json', '--limit', '0')
  const ids = listed
    .split('\n')
    .filter(Boolean)
    .map((line) => String((JSON.parse(line) as { id: unknown }).id))
  expect(ids).toHaveLength(total.dead)
  const answers: [place: string, content: string][] = [
    ['list --json', listed],
    ['list', await told('list', '--limit', '0')],
  ]
  for (const id of ids.slice(0, 3)) {
    answers.push(
      [`show ${id}`, await told('show', id)],
      [`show ${id} --json`, await told('show', id, '--json')],
    )
  }
  for (const id of ids)
    answers.push([`letter ${id}`, await (await fetch(`${system.url}/v1/dead-letters/${id}`)).text()])
  answers.push([
    'replay',
    (await system.command(['@bin/waybill.js', 'dead-letters', 'replay', '--all', '--url', system.url]))
      .stdout,
  ])
  answers.push(['the answers', JSON.stringify(await system.events())])
  const letters = answers.filter(([place]) => place.startsWith('letter '))
  expect(letters.filter(([, letter]) => letter.includes('[masked:')).length).toBeGreaterThan(ids.length / 2)
  await kill(agent, 'SIGTERM')
  await kill(copy, 'SIGTERM')
  await kill(indexer, 'SIGTERM')
  const files = ['agent-data', 'copy-data', 'store'].flatMap((folder) => filesIn(system.path(folder)))
  const logs = ['agent.out', 'copy.out', 'indexer.out'].map((name) => system.path(name))
  const secrets = new Set([...stored.secrets, ...dead.secrets].filter((secret) => secret.length > 8))
  const found: string[] = []
  for (const [place, content] of [
    ...[...files, ...logs].map((path) => [path, contentOf(path)] as const),
    ...answers,
  ]) {
    for (const secret of secrets) if (content.includes(secret)) found.push(`${place}: ${secret}`)
  }
  console.log(
    `${secrets.size} secrets, looked for in ${ids.length} dead letters, ${files.length} files, ${logs.length} logs and ${answers.length} answers: ${found.length} found.`,
  )
  expect(found).toEqual([])
})
