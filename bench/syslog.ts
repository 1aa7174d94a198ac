/**
 * Syslog by the real agent into a bulk of nothing: a process sends messages of RFC 5424 as fast as it may, the agent receives, keeps,
 * reads, seals and ships them. Datagrams are sent at a given rate, since nobody holds their sender back.
 *
 *   npm run bench:syslog                                   500,000 messages by TCP; 200,000 by UDP at 40,000 a second
 *   npm run bench:syslog -- --messages 1000000 --rate 60000
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { AgentStatus } from '../agent/agent.ts'
import { askStatus } from '../agent/control.ts'
import { Measured, published } from './processes.ts'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '500000' },
    datagrams: { type: 'string', default: '200000' },
    rate: { type: 'string', default: '40000' },
    send: { type: 'string' },
    port: { type: 'string' },
  },
})

const message = (n: number): string =>
  `<38>1 2026-01-22T10:00:00.${String(n % 1000).padStart(3, '0')}Z web-${n % 50} shop ${1000 + (n % 97)} ID${n % 9} [order@32473 id="${n}" user="jane.doe"] order ${n} was updated by jane.doe from 10.0.${n % 256}.7: status open to shipped, carrier changed, note added`

async function sendStream(port: number, count: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  for (let n = 0; n < count; ) {
    let chunk = ''
    for (const end = Math.min(count, n + 500); n < end; n++) chunk += `${message(n)}\n`
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end()
  await once(socket, 'close')
}

async function sendDatagrams(port: number, count: number, rate: number): Promise<void> {
  const socket = createSocket('udp4')
  const began = performance.now()
  for (let n = 0; n < count; ) {
    const pending = Math.min(count, Math.floor(((performance.now() - began) / 1000) * rate) + 1)
    for (; n < pending; n++) socket.send(message(n), port, '127.0.0.1')
    await pause(1)
  }
  socket.close()
}

async function statusOf(data: string): Promise<AgentStatus | null> {
  const status = await askStatus(data)
  return status?.enrolled ? status : null
}

async function measure(transport: 'tcp' | 'udp', count: number): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'waybill-bench-'))
  const root = new URL('..', import.meta.url).pathname
  const sink = new Measured(
    process.execPath,
    [join(root, 'test/sink/server.ts'), '--port', '0'],
    join(place, 'sink.log'),
  )
  const url = (await sink.firstLine()).trim()
  const config = join(place, 'agent.yml')
  const data = join(place, 'agent')
  await writeFile(
    config,
    `agent: { name: bench, data: ${data} }\nindexers: [${url}]\ninputs:\n  - syslog: { ${transport}: "127.0.0.1:0" }\n`,
  )
  const agent = new Measured(
    published('waybill-agent'),
    ['run', '--config', config],
    join(place, 'agent.log'),
  )
  try {
    let port = 0
    while (port === 0) {
      await pause(50)
      const listener = (await askStatus(data))?.reception?.listeners[0]
      port = Number(listener?.address.split(':').at(-1) ?? 0)
    }
    const before = agent.usage().cpuSeconds
    const began = performance.now()
    const sender = new Measured(
      process.execPath,
      [
        import.meta.filename,
        '--send',
        transport,
        '--port',
        String(port),
        '--messages',
        String(count),
        '--rate',
        values.rate,
      ],
      join(place, 'sender.log'),
    )
    const { seconds: sending } = await sender.ended()
    let status = await statusOf(data)
    for (let quiet = 0, last = -1; quiet < 40; ) {
      await pause(50)
      status = await statusOf(data)
      const done = (status?.total.stored ?? 0) + (status?.total.dropped ?? 0)
      if (done >= count) break
      quiet = done === last ? quiet + 1 : 0
      last = done
    }
    const seconds = (performance.now() - began) / 1000
    const stored = status?.total.stored ?? 0
    const used = agent.usage()
    console.log(
      `${transport}: ${count} messages of ${message(count).length} bytes sent in ${sending.toFixed(1)} s; ` +
        `${stored} stored, ${status?.total.dropped ?? 0} dropped, in ${seconds.toFixed(1)} s`,
    )
    console.log(
      `     ${Math.round(stored / seconds).toLocaleString('en')} events/s, ` +
        `${(((used.cpuSeconds - before) / stored) * 1e6).toFixed(1)} CPU seconds per million in the agent, ` +
        `${Math.round(used.peakRssMegabytes)} MB peak`,
    )
  } finally {
    await agent.stop()
    await sink.stop()
    await rm(place, { recursive: true, force: true })
  }
}

if (values.send === 'tcp') await sendStream(Number(values.port), Number(values.messages))
else if (values.send === 'udp')
  await sendDatagrams(Number(values.port), Number(values.messages), Number(values.rate))
else {
  console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`)
  await measure('tcp', Number(values.messages))
  await measure('udp', Number(values.datagrams))
}
