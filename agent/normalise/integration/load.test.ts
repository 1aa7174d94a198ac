import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../schema/index.ts'
import { INTEGRATIONS, loadIntegration, readAhead } from '../index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-integration-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const BEGINNING = 'name: mine\ntitle: Mine\nformat: json\n'
const write = (text: string, name = 'integration.yml'): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
async function problemOf(text: string): Promise<string> {
  const file = write(text)
  const error = await loadIntegration(file).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(OperatorError)
  return (error as OperatorError).message.replaceAll(file, 'FILE')
}

describe('an integration file', () => {
  it.each([
    ['fields:\n  - { from: a, to: user.nmae }\n', 'FILE:5', 'user.nmae'],
    ['fields:\n  - { from: a, to: event.id }\n', 'FILE:5', 'that an integration may fill'],
    ['fields:\n  - { from: a, to: audit.words }\n', 'FILE:5', 'that an integration may fill'],
    ['feilds: []\n', 'FILE:4', 'unknown key "feilds" (did you mean "fields"?)'],
    ['fields:\n  - { from: a, to: event.outcome }\n', 'FILE:5', 'needs values'],
    [
      'fields:\n  - { from: a, to: event.outcome, values: { yes: [y] } }\n',
      'FILE:5',
      'success, failure, unknown',
    ],
    ["fields:\n  - { from: a, to: '@timestamp', format: HH:mm }\n", 'FILE:5', 'needs MM'],
    ['fields:\n  - { from: a, to: user.name, format: iso }\n', 'FILE:5', 'only times'],
    ['category: sercurity\n', 'FILE:4', 'security'],
    [
      'lookups:\n  - { from: event.action, rows: [{ words: [x], set: { event.severity: high } }] }\n',
      'FILE:5',
      'a number',
    ],
    ['set: { source.ip: 10.0.0.1 }\n', 'FILE:4', "can't be the same in all events"],
    ['set: { event.action: [a, b] }\n', 'FILE:4', 'one value'],
    [
      'extract:\n  - { from: a, patterns: { came: "(?<user>.+) in" } }\n',
      'FILE:5',
      'into (a member) needs patterns with names',
    ],
    [
      'extract:\n  - { from: a, into: b, patterns: { came: "(?<user>.*)*" } }\n',
      'FILE:5',
      'a group that repeats without bound',
    ],
    ['set: { event.outcome: success }\n', 'FILE:4', 'success must not be the default of all events'],
    [
      'events:\n  - { id: mine.login, title: Sign-in, group: g, when: { action: login }, set: { event.category: authentication, event.outcome: success } }\n',
      'FILE:5',
      'success must not be the default of a sign-in',
    ],
    ['fields:\n  - { from: "a[0].b", to: user.name }\n', 'FILE:5', 'expected list[] (every item)'],
    ['fields:\n  - { from: "a[].b[x].c", to: user.name }\n', 'FILE:5', 'brackets that choose nothing'],
    ['fields:\n  - { from: "a[b=].c", to: user.name }\n', 'FILE:5', 'brackets that choose nothing'],
    ['changes: { list: "[].b" }\n', 'FILE:4', 'brackets that choose nothing'],
    ['unpack: "a[].b"\n', 'FILE:4', 'only fields, changes, identity and the conditions'],
    [
      'extract:\n  - { from: a, patterns: "(?<b>.+)", when: { "c[].d": x } }\n',
      'FILE:5',
      'works on members outside of lists',
    ],
    [
      'events:\n  - { id: mine.a, title: A, group: A, when: { "a[*].b": x } }\n',
      'FILE:5',
      'expected list[] (every item)',
    ],
    ['  : [\n', 'FILE:', 'not YAML'],
  ])('%s', async (text, place, sentence) => {
    const problem = await problemOf(BEGINNING + text)
    expect(problem).toContain(place)
    expect(problem).toContain(sentence)
  })

  it('may name columns that have brackets themselves', async () => {
    const file = write(`${BEGINNING}fields: [{ from: ['Amount [EUR]', 'Time[UTC]'], to: message }]\n`)
    expect((await loadIntegration(file)).fields[0]?.from).toEqual(['Amount [EUR]', 'Time[UTC]'])
  })

  it('that is not there names those that are', async () => {
    await expect(loadIntegration('no-such')).rejects.toThrow(/There is no integration no-such.*generic-json/s)
  })

  it('takes over what another says, behind its own', async () => {
    const file = write(
      `${BEGINNING}like: generic-json\nfields: [{ from: who, to: user.name }]\nset: { event.type: info }\n`,
    )
    const mine = await loadIntegration(file)
    const generic = await loadIntegration('generic-json')
    expect(mine.fields[0]).toMatchObject({ from: ['who'], to: 'user.name', format: ['auto'] })
    expect(mine.fields.slice(1)).toEqual(generic.fields)
    expect(mine.lookups).toEqual(generic.lookups)
    expect(mine.set).toEqual([{ field: 'event.type', value: ['info'] }])
  })

  it('that is like itself is told so', async () => {
    const file = write(`${BEGINNING}like: ${join(folder, 'circle.yml')}\n`, 'circle.yml')
    await expect(loadIntegration(file)).rejects.toThrow('forms a loop')
  })
})

describe('an integration that was read ahead', () => {
  it.each(readdirSync(INTEGRATIONS))('%s is what its file says', async (name) => {
    const file = join(folder, `${name}.yml`)
    cpSync(join(INTEGRATIONS, name, 'integration.yml'), file)
    const read = await loadIntegration(file)
    const { path, content } = readAhead(file)
    writeFileSync(path, content)
    expect(await loadIntegration(file)).toEqual(read)
    // This shows that the stored result was read, and not the file.
    writeFileSync(path, content.replace(JSON.stringify(read.title), '"as read ahead"'))
    expect((await loadIntegration(file)).title).toBe('as read ahead')
  })

  it('is read again when its file was changed, or when what was read ahead is damaged', async () => {
    const file = write(BEGINNING, 'changed.yml')
    const { path, content } = readAhead(file)
    writeFileSync(path, content.replace('Mine', 'Old'))
    expect((await loadIntegration(file)).title).toBe('Old')
    appendFileSync(file, '# a remark\n')
    expect((await loadIntegration(file)).title).toBe('Mine')
    writeFileSync(path, content.slice(0, -1))
    expect((await loadIntegration(file)).title).toBe('Mine')
  })
})
