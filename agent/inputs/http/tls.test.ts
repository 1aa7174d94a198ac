import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Certificates, certificates } from '../syslog/testing/stage.ts'
import { BulkDoor } from './bulk/bulk.ts'
import { OtlpDoor } from './otlp/otlp.ts'
import { HttpStage } from './testing/stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-https-'))
let made: Certificates
beforeAll(() => {
  made = certificates(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

type Pair = { readonly cert: string; readonly key: string }

const tls = (client: 'none' | 'optional' | 'required') => ({
  ...{ cert: made.cert, key: made.key, ca: made.ca, client },
})
const shown = (pair: Pair | null) =>
  pair === null ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) }

/** The status of a request with this certificate; null if the connection is refused. */
const send = (stage: HttpStage, pair: Pair | null, more: RequestOptions = {}): Promise<number | null> =>
  new Promise((resolve) => {
    const asked = request({
      ...{ host: '127.0.0.1', port: stage.port, path: '/a/_bulk', method: 'POST', agent: false },
      ca: readFileSync(made.ca),
      ...shown(pair),
      ...more,
    })
    asked.on('error', () => resolve(null))
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.end('{"create":{}}\n{"n":1}\n')
  })

describe('an HTTP input with a certificate', () => {
  it('says who a client with a certificate is', async () => {
    const stage = await HttpStage.open(new BulkDoor([]), { tls: tls('optional') })
    expect(await send(stage, made.client)).toBe(200)
    expect(await send(stage, null)).toBe(200)
    expect(stage.stored().map(({ subject }) => subject)).toEqual(['O=Acme, CN=web-1', null])
  })

  it('lets nobody in without one, or with one of a stranger, if it is required', async () => {
    const stage = await HttpStage.open(new BulkDoor([]), { tls: tls('required') })
    expect(await send(stage, null)).toBe(401)
    expect(await send(stage, made.stranger)).toBe(401)
    expect(await send(stage, made.client)).toBe(200)
    expect(stage.stored().length).toBe(1)
    expect(stage.reception.status().listeners[0]?.refused).toBe(2)
  })

  it('does not speak plain HTTP, nor old TLS', async () => {
    const stage = await HttpStage.open(new BulkDoor([]), { tls: tls('none') })
    await expect(stage.send('/a/_bulk', { body: '{"create":{}}\n{}\n' })).rejects.toThrow()
    const old = connectTls({
      port: stage.port,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    })
    onTestFinished(() => {
      old.destroy()
    })
    expect(await new Promise((resolve) => old.once('error', () => resolve('refused')))).toBe('refused')
    expect(stage.stored()).toEqual([])
  })
})

it('a gRPC input with a certificate says who a client is, and lets no stranger in', async () => {
  const stage = await HttpStage.open(new OtlpDoor([]), { transports: ['otlp-grpc'], tls: tls('required') })
  const call = (pair: Pair | null): Promise<string> =>
    new Promise((resolve) => {
      const options = { ca: readFileSync(made.ca), ...shown(pair) }
      const client = connect(`https://127.0.0.1:${stage.port}`, options)
      client.on('error', () => resolve('refused'))
      onTestFinished(() => client.close())
      const stream = client.request({
        ':method': 'POST',
        ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      })
      const take = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']))
      }
      stream.on('response', take)
      stream.on('trailers', take)
      stream.on('error', () => resolve('refused'))
      stream.resume()
      stream.end(Buffer.alloc(5))
    })
  expect(await call(made.client)).toBe('0')
  expect(await call(null)).toBe('16')
  expect(await call(made.stranger)).toBe('16')
})
