import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { matches, namedField, parseQuery } from '../../indexer/query/index.ts'
import { type AuditEvent, isRecord } from '../../schema/index.ts'

const ROOT = join(import.meta.dirname, '../..')
const names = z.union([z.string().transform((name) => [name]), z.array(z.string())])
const mappings = z.array(
  z.object({
    logsources: z.array(z.record(z.string(), z.string())),
    query: z.string(),
    fields: z.record(
      z.string(),
      z.union([
        names,
        z
          .object({ field: names, words: z.string().optional() })
          .transform(({ field, words }) => [...field, ...(words === undefined ? [] : [words])]),
      ]),
    ),
  }),
)

/** What the integrations make of their samples. */
const EVENTS = readdirSync(join(ROOT, 'integrations')).flatMap((integration) => {
  const folder = join(ROOT, 'integrations', integration, 'expected')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line): AuditEvent => {
      const event: unknown = JSON.parse(line)
      if (!isRecord(event)) throw new Error(`no event: ${line}`)
      return event
    })
})

const FOLDER = join(ROOT, 'config/sigma')
const ALL = readdirSync(FOLDER).flatMap((file) =>
  mappings.parse(parse(readFileSync(join(FOLDER, file), 'utf8'))),
)

describe.each(ALL)('the mapping of $logsources.0', ({ query, fields }) => {
  const tree = parseQuery(query, { now: 0 })
  const events = EVENTS.filter((event) => matches(tree, event))

  it('finds events of the samples', () => {
    expect(events).not.toEqual([])
  })

  it.each(Object.entries(fields))('%s is in fields that these events have', (_, targets) => {
    for (const target of targets) {
      const field = target.replace(/\.\*$/, '')
      expect(namedField(field), target).toBeDefined()
      expect(
        events.some((event) =>
          field === target ? matches({ kind: 'exists', field }, event) : isRecord(memberAt(event, field)),
        ),
        target,
      ).toBe(true)
    }
  })
})

function memberAt(event: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), event)
}
