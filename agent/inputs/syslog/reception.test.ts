import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bindRefusal } from '../listen/index.ts'
import { Stage } from './testing/stage.ts'

describe('what is received is in the journal', () => {
  it('by TCP, message by message, with where it came from', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    socket.write('<13>one\n<13>tw')
    socket.write('o\n')
    await stage.until('both are there', () => stage.messages().length === 2)
    expect(stage.messages().map(({ text }) => text)).toEqual(['<13>one', '<13>two'])
    expect(stage.messages()[0]?.about).toMatchObject({
      from: {
        transport: 'tcp',
        listen: 'tcp 127.0.0.1:0',
        address: '127.0.0.1',
        port: socket.localPort,
        subject: null,
      },
      incomplete: false,
      truncated: null,
    })
  })

  it('by UDP, every byte as it came, newlines and NULs too', async () => {
    const stage = await Stage.open({ listens: ['udp'] })
    const socket = createSocket('udp4')
    onTestFinished(() => {
      socket.close()
    })
    const bytes = Buffer.from('<13>a\nb\0c\xff\r\n', 'latin1')
    socket.send(bytes, stage.portOf('udp'), '127.0.0.1')
    await stage.until('it is there', () => stage.messages().length === 1)
    expect(stage.messages()[0]?.text).toBe(bytes.toString('latin1'))
    expect(stage.messages()[0]?.about.from.transport).toBe('udp')
  })

  it('when the agent stops, also what had come and was not read yet', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    socket.write('<13>whole\n<13>begun')
    await stage.until('the connection is taken', () => stage.messages().length === 1)
    await stage.reception.close()
    expect(stage.messages().map(({ text, about }) => [text, about.incomplete])).toEqual([
      ['<13>whole', false],
      ['<13>begun', true],
    ])
  })
})

describe('peers that are slow, hostile or many', () => {
  it('one that never ends its message, and one that announces a huge one, keep nobody else waiting', async () => {
    const stage = await Stage.open()
    const endless = await stage.connect()
    endless.write(`<13>${'x'.repeat(3_000_000)}`)
    const boastful = await stage.connect()
    boastful.write('60000000 <13>x')
    const honest = await stage.connect()
    honest.write('<13>I am here\n')
    await stage.until('the honest one is heard', () =>
      stage.messages().some(({ text }) => text === '<13>I am here'),
    )
    endless.end('\n<13>next\n')
    await stage.until('the endless one is cut', () =>
      stage.messages().some(({ text }) => text === '<13>next'),
    )
    const long = stage.messages().find(({ text }) => text.startsWith('<13>xxx'))
    expect(long?.text.length).toBe(1024 * 1024)
    expect(long?.about.truncated?.bytes).toBe(3_000_004)
  })

  it('one address has so many connections and no more; the others are told, and those that are there go on', async () => {
    const stage = await Stage.open({ limits: { perPeer: 2 } })
    const first = await stage.connect()
    await stage.connect()
    const third = await stage.connect()
    await once(third, 'close')
    expect(stage.reception.status().listeners[0]).toMatchObject({ connections: 2, refused: 1 })
    expect(stage.said.join()).toContain('limits.per-peer')
    first.write('<13>still here\n')
    await stage.until('the first is heard', () => stage.messages().length === 1)
    first.destroy()
    await stage.until('its place is free', () => stage.reception.status().listeners[0]?.connections === 1)
    const fourth = await stage.connect()
    fourth.write('<13>my turn\n')
    await stage.until('the fourth is heard', () => stage.messages().length === 2)
  })

  it('a connection on which nothing comes is closed', async () => {
    const stage = await Stage.open({ limits: { idle: 50 } })
    const socket = await stage.connect()
    socket.resume()
    await once(socket, 'close')
    await stage.until('it is let go', () => stage.reception.status().listeners[0]?.connections === 0)
  })
})

describe('a journal that is full', () => {
  const LIMIT = 2 * 1024 * 1024
  const LINE = `<13>${'z'.repeat(1019)}\n`

  it('keeps TCP senders waiting, loses none of their messages, and goes on when there is room', async () => {
    const stage = await Stage.open({ limit: LIMIT })
    const socket = await stage.connect()
    const count = 6000
    let drained = 0
    socket.write(LINE.repeat(count), () => {
      drained += 1
    })
    await stage.until('it is kept waiting', () => stage.reception.status().listeners[0]?.waiting === 1)
    const { bytes } = stage.reception.status().journal
    expect(bytes).toBeLessThan(LIMIT)
    expect(drained).toBe(0)
    let seen = 0
    await stage.until('all is there', () => {
      const now = stage.reception.status().listeners[0]?.messages ?? 0
      if (now === count) return true
      if (now !== seen) {
        seen = now
        expect(stage.reception.status().journal.bytes).toBeLessThan(LIMIT + 1024 * 1024)
      }
      stage.acknowledgeAll()
      return false
    })
    expect(stage.reception.status().listeners[0]?.dropped).toBe(0)
  })

  it('leaves room for one peer when another has flooded it', async () => {
    const stage = await Stage.open({ limit: LIMIT, listens: ['tcp', 'udp'] })
    const flood = await stage.connect()
    flood.write(LINE.repeat(6000))
    await stage.until('the flood is kept waiting', () => stage.reception.status().listeners[0]?.waiting === 1)
    const socket = createSocket('udp4')
    onTestFinished(() => {
      socket.close()
    })
    socket.send('<13>a quiet one', stage.portOf('udp'), '127.0.0.1')
    await stage.until('the quiet one is heard', () =>
      stage.messages().some(({ text }) => text === '<13>a quiet one'),
    )
  })

  it('counts the datagrams that it has no room for, and notes them in the journal', async () => {
    const stage = await Stage.open({ limit: LIMIT, listens: ['udp'] })
    const socket = createSocket('udp4')
    onTestFinished(() => {
      socket.close()
    })
    const port = stage.portOf('udp')
    const status = () => stage.reception.status().listeners[0]!
    let sent = 0
    while (status().dropped === 0) {
      for (let i = 0; i < 20; i++) {
        socket.send(LINE.repeat(20), port, '127.0.0.1')
        sent += 1
      }
      // The receiver runs in this process.
      await setImmediate()
    }
    await stage.until('each is accounted for', () => status().messages + status().dropped === sent)
    await stage.until('the losses are noted', () => stage.dropped() === status().dropped)
    expect(stage.said.join()).toContain('has lost')
  })
})

describe('addresses', () => {
  it('one that is in use ends in a sentence that says so, and leaves what is open as it is', async () => {
    const stage = await Stage.open()
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => {
      other.close()
    })
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const socket = await stage.connect()
    const listens = [...stage.entry.listens, { transport: 'tcp' as const, host: '127.0.0.1', port }]
    await expect(stage.listen({ ...stage.entry, listens })).rejects.toThrow(
      `syslog: tcp 127.0.0.1:${port} can't be opened: the port is in use by another program`,
    )
    socket.write('<13>still open\n')
    await stage.until('it is heard', () => stage.messages().length === 1)
  })

  it('an address of another machine, and a port under 1024 without the right to it', async () => {
    const listen = { transport: 'udp', host: '192.0.2.1', port: 514 } as const
    const stage = await Stage.open({ listens: [] })
    await expect(stage.listen({ ...stage.entry, listens: [{ ...listen, port: 0 }] })).rejects.toThrow(
      'this machine has no address 192.0.2.1',
    )
    const refused = bindRefusal(listen, Object.assign(new Error('bind EACCES'), { code: 'EACCES' }))
    expect(refused.message).toContain('CAP_NET_BIND_SERVICE')
  })

  it('a reload keeps open what stays, with its connections, and closes what goes', async () => {
    const stage = await Stage.open({ listens: ['tcp', 'udp'] })
    const socket = await stage.connect()
    const port = stage.portOf('tcp')
    await stage.listen({ ...stage.entry, listens: stage.entry.listens.slice(0, 1) })
    expect(stage.reception.status().listeners).toHaveLength(1)
    expect(stage.portOf('tcp')).toBe(port)
    socket.write('<13>as before\n')
    await stage.until('it is heard', () => stage.messages().length === 1)
  })
})
