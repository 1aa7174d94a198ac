import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { clientOf } from './client.ts'
import { CLIENT, currentClient } from './make.ts'

describe('the typed client of the console', () => {
  it('is what the indexer publishes now; if not, npm run client', async () => {
    expect(readFileSync(CLIENT, 'utf8')).toBe(await currentClient())
  })

  it('has what is asked and answered as types, and leaves out what only agents ask', () => {
    const operation = (id: string, more: object) => ({
      operationId: id,
      summary: 'Does it.',
      responses: {},
      ...more,
    })
    const text = clientOf({
      paths: {
        '/v1/things/{id}': {
          get: operation('getThings', {
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
              { name: 'x-y', in: 'query', required: false, schema: { enum: ['a', 'b'] } },
            ],
            responses: {
              200: {
                content: {
                  'application/json': { schema: { type: 'array', items: { type: ['integer', 'null'] } } },
                },
              },
            },
          }),
        },
        '/v1/waybills': { post: operation('postWaybills', { 'x-needs': 'agent' }) },
      },
    })
    expect(text).toContain('params: { id: string }')
    expect(text).toContain(`"x-y"?: "a" | "b" | undefined`)
    expect(text).toContain('answer: Array<number | null>')
    expect(text).toContain(`getThings: { method: 'GET', path: '/v1/things/{id}' }`)
    expect(text).not.toContain('waybills')
  })
})
