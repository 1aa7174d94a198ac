import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { importIntoKibana } from './kibana-import.ts'

/** Something at a port that answers as Kibana does. */
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function kibana(
  status: number,
  body: unknown,
): Promise<{ url: URL; asked: { path: string; xsrf: unknown; authorization: unknown; body: string }[] }> {
  const asked: { path: string; xsrf: unknown; authorization: unknown; body: string }[] = []
  const listening = Promise.withResolvers<void>()
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { url: path = '', headers } = request
    asked.push({
      path,
      xsrf: headers['kbn-xsrf'],
      authorization: headers.authorization,
      body: Buffer.concat(chunks).toString(),
    })
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`), asked }
}

it('objects are imported over those of the same ids, as a file, below the path that Kibana has', async () => {
  const { url, asked } = await kibana(200, { success: true, successCount: 2 })
  expect(await importIntoKibana(url, 'ApiKey abc', '{"id":"a"}\n{"id":"b"}\n')).toBe(2)
  expect(asked).toMatchObject([
    {
      path: '/base/api/saved_objects/_import?overwrite=true',
      xsrf: 'waybill',
      authorization: 'ApiKey abc',
      body: expect.stringContaining('{"id":"a"}\n{"id":"b"}\n'),
    },
  ])
  expect(asked[0]?.body).toContain('filename="waybill.ndjson"')
})

it('an object that Kibana refuses is named, with the reason', async () => {
  const errors = [{ id: 'overview', type: 'dashboard', error: { type: 'unsupported_type' } }]
  const { url } = await kibana(200, { success: false, successCount: 1, errors })
  await expect(importIntoKibana(url, null, '{}\n')).rejects.toThrow(
    'Kibana imported 1 objects and refused 1, the first dashboard overview: unsupported_type',
  )
})

it('who may not import, what is no Kibana, and what does not answer are told apart', async () => {
  const forbidden = await kibana(403, { statusCode: 403 })
  await expect(importIntoKibana(forbidden.url, null, '{}\n')).rejects.toThrow(
    'does not let this user import (403)',
  )
  server?.close()
  const other = await kibana(200, '<html>a login page</html>')
  await expect(importIntoKibana(other.url, null, '{}\n')).rejects.toThrow('but not like Kibana: <html>')
  server?.closeAllConnections()
  server?.close()
  await expect(importIntoKibana(other.url, null, '{}\n')).rejects.toThrow("can't be reached: ECONNREFUSED")
})
