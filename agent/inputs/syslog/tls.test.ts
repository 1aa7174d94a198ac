import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { secureOptions } from '../listen/index.ts'
import { type Certificates, certificates, Stage } from './testing/stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-tls-'))
let made: Certificates
beforeAll(() => {
  made = certificates(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

const open = (client: 'none' | 'optional' | 'required'): Promise<Stage> =>
  Stage.open({ listens: ['tls'], tls: { cert: made.cert, key: made.key, ca: made.ca, client } })

/** A client with this certificate; with TLS 1.3 it learns of a rejection only when it reads. */
function client(stage: Stage, pair: { cert: string; key: string } | null): TLSSocket {
  const options: ConnectionOptions = {
    port: stage.portOf('tls'),
    host: '127.0.0.1',
    ca: readFileSync(made.ca),
    ...(pair === null ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) }),
  }
  const socket = connect(options)
  socket.on('error', () => {})
  socket.resume()
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

describe('syslog over TLS (RFC 5425)', () => {
  it('is received, and says who a client with a certificate is', async () => {
    const stage = await open('required')
    client(stage, made.client).write('8 <13>mine')
    await stage.until('it is there', () => stage.messages().length === 1)
    expect(stage.messages()[0]).toMatchObject({
      text: '<13>mine',
      about: { from: { transport: 'tls', subject: 'O=Acme, CN=web-1' } },
    })
  })

  it('where certificates are required, one without and a stranger are not let in', async () => {
    const stage = await open('required')
    for (const pair of [null, made.stranger]) {
      const socket = client(stage, pair)
      socket.write('8 <13>mine')
      await once(socket, 'close')
    }
    expect(stage.reception.status().listeners[0]).toMatchObject({ messages: 0, refused: 2 })
    expect(stage.messages()).toEqual([])
    expect(stage.said.join()).toContain('refused 127.0.0.1')
  })

  it('where they are optional, one without is let in, a stranger is not', async () => {
    const stage = await open('optional')
    client(stage, null).write('9 <13>plain')
    await stage.until('it is there', () => stage.messages().length === 1)
    const stranger = client(stage, made.stranger)
    stranger.write('8 <13>mine')
    await once(stranger, 'close')
    expect(stage.messages().map(({ text }) => text)).toEqual(['<13>plain'])
  })

  it('a client that never finishes its handshake, and one that speaks plainly, harm nobody else', async () => {
    const stage = await open('none')
    const silent = connectPlain(stage.portOf('tls'), '127.0.0.1')
    onTestFinished(() => {
      silent.destroy()
    })
    await once(silent, 'connect')
    const plain = connectPlain(stage.portOf('tls'), '127.0.0.1')
    plain.on('error', () => {})
    plain.resume()
    plain.write('<13>no TLS here\n')
    await once(plain, 'close')
    client(stage, null).write('9 <13>heard')
    client(stage, null).write('<13>heard too\n')
    await stage.until('the others are heard', () =>
      ['<13>heard', '<13>heard too'].every((text) =>
        stage.messages().some((seen) => seen.text.trimEnd() === text),
      ),
    )
  })

  it('what is wrong with key and certificate is a sentence with the file and the remedy', () => {
    const right = { cert: made.cert, key: made.key, ca: made.ca, client: 'none' as const }
    expect(() => secureOptions({ ...right, key: '/nowhere/key.pem' }, 'syslog')).toThrow(
      'tls.key: the file /nowhere/key.pem does not exist',
    )
    expect(() => secureOptions({ ...right, key: made.client.key }, 'syslog')).toThrow(
      `the key in ${made.client.key} does not belong to the certificate`,
    )
    expect(() => secureOptions({ ...right, cert: made.key }, 'syslog')).toThrow(
      'holds no certificate in PEM form',
    )
  })
})
