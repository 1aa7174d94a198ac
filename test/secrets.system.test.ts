import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { secretTexts } from '../agent/normalise/mask/corpus/index.ts'
import { freePort, kill, System, until } from './system/system.ts'

/** All files below a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** What a file says, and what stands compressed in it. */
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
