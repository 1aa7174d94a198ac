import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../schema/index.ts'
import { PRESETS } from './presets.ts'

const integration = (path: string): string =>
  readFileSync(new URL(`../../../integrations/${path}`, import.meta.url), 'utf8').replace('\ufeff', '')

/** The events that the integration reads from a sample, in its order. */
const eventsOf = (path: string): AuditEvent[] =>
  integration(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent)

/** The records of a CSV file (RFC 4180). */
function csvRecords(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '' && record.length === 0) break
    record.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    records.push(record)
    record = []
  }
  return records
}

describe('the columns of another system', () => {
  it('are those of the CSV of Clockify, and have for each event what stood there', () => {
    const [head, ...records] = csvRecords(integration('clockify/samples/audit-log.csv'))
    const columns = PRESETS.clockify('UTC')
    expect(columns.map(({ title }) => title)).toEqual(head)
    const rows = eventsOf('clockify/expected/audit-log.csv.jsonl').map((event) =>
      columns.map(({ of }) => of(event) ?? ''),
    )
    expect(rows).toEqual(records)
  })

  it('are those of the CSV of Strapi, and have for each event what stood there', () => {
    const [head, ...records] = csvRecords(integration('strapi/samples/export.csv'))
    const columns = PRESETS.strapi('UTC')
    expect(columns.map(({ title }) => title)).toEqual(head)
    const rows = eventsOf('strapi/expected/export.csv.jsonl').map((event) =>
      columns.map(({ of }) => of(event) ?? ''),
    )
    const plain = (record: readonly unknown[]): unknown[] => {
      const payload = String(record.at(-1))
      return [...record.slice(0, -1), payload === '' ? '' : JSON.parse(payload)]
    }
    expect(rows.map(plain)).toEqual(records.map(plain))
  })
})
