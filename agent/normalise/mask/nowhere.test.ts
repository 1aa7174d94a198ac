import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schema/index.ts'
import { BatchMaker } from '../batch/batch.ts'
import { loadIntegration } from '../integration/load.ts'
import type { TaskSlice } from '../task.ts'
import { setupOf, specOf, taskOf } from '../testing/setup.ts'

/** A secret is in no part of a batch, whatever happens to its record. */
const SECRET = 'Geheim-7f3a'

interface Case {
  readonly integration: string
  readonly text: string
  readonly slice?: Partial<TaskSlice>
  readonly opaque?: true
}

async function ndjsonOf({ integration: name, text, slice = {}, opaque }: Case): Promise<string> {
  const integration = await loadIntegration(name)
  const maker = new BatchMaker(setupOf([specOf(integration)]), [integration])
  const result = maker.make(taskOf(text, slice, opaque === undefined ? {} : { opaque }))
  return zstdDecompressSync(result.payload).toString()
}

const json = `{"user":"jane","action":"update","password":"${SECRET}"}`
const truncated = { bytes: 5_000_000, sha256: 'f'.repeat(64) }

describe('a secret', () => {
  it.each<[string, Case]>([
    ['JSON, read where it stands', { integration: 'generic-json', text: `${json}\n` }],
    ['JSON that is cut off', { integration: 'generic-json', text: `${json.slice(0, -3)}\n` }],
    ['no JSON at all', { integration: 'generic-json', text: `password: ${SECRET}\n` }],
    ['a record that stopped its parser', { integration: 'generic-json', text: `${json}\n`, opaque: true }],
    [
      'a record that was too long',
      {
        integration: 'generic-json',
        text: `${json.slice(0, -1)},"x":"${'y'.repeat(LIMITS.recordBytes)}`,
        slice: { truncated },
      },
    ],
    ['a column of CSV', { integration: 'generic-csv', text: `user,password\njane,${SECRET}\n` }],
    [
      'a row behind a header that was read before',
      {
        integration: 'generic-csv',
        text: `jane,${SECRET}\n`,
        slice: { offset: 500, header: 'user,password' },
      },
    ],
    [
      'a row that is no CSV',
      { integration: 'generic-csv', text: `user,password\n"jane,"${SECRET}"x\nbob,"${SECRET}\n` },
    ],
    [
      'a row too long',
      {
        integration: 'generic-csv',
        text: `jane,${SECRET},${'y'.repeat(1000)}`,
        slice: { offset: 500, header: 'user,password', truncated },
      },
    ],
    [
      'a line of text',
      { integration: 'plain', text: `2026-01-22T10:00:00Z login with password=${SECRET}\n` },
    ],
    [
      'a changed field',
      {
        integration: 'erp',
        text: `{"action":"Update","changes":[{"field":"Password","previous_value":"${SECRET}","new_value":"x"}]}\n`,
      },
    ],
    [
      'a change that names no field',
      {
        integration: 'generic-json',
        text: `{"user":"jane","action":"Password changed","old_value":"x","new_value":"${SECRET}"}\n`,
      },
    ],
    [
      'a change of a secret, by its type alone',
      { integration: 'generic-json', text: `{"type":"password","user":"jane","new_value":"${SECRET}"}\n` },
    ],
    [
      'a row that says a secret was changed',
      {
        integration: 'generic-csv',
        text: `Aktion,Benutzer,Altwert,Neuwert\nKennwort geändert,jane,${SECRET},x\n`,
      },
    ],
    [
      'a change by the names that an integration has for values',
      {
        integration: 'clockify',
        text: `{"action":"USER_PASSWORD_CHANGED","user":"jane","previousContent":"${SECRET}","content":"x"}\n`,
      },
    ],
    [
      'a payload kept whole',
      {
        integration: 'strapi',
        text: `{"action":"user.create","payload":{"request":{"body":{"password":"${SECRET}"}}}}\n`,
      },
    ],
    [
      'bytes that are no UTF-8',
      { integration: 'generic-json', text: `{"password":"${SECRET}","x":"\u0000"}\n` },
    ],
  ])('%s', async (_, given) => {
    const ndjson = await ndjsonOf(given)
    expect(ndjson).not.toContain(SECRET)
    expect(ndjson).toContain('[masked:password]')
    expect(ndjson).toContain('"secret_masked"')
  })
})
