import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INTEGRATIONS } from '../normalise/index.ts'

const SCRIPT = join(import.meta.dirname, '../../bin/waybill-agent.js')
const NOBODY = 65534

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-check-'))
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const place = (name: string): string => join(folder, name)

type Entry = readonly [paths: readonly string[], integration: string]

/** What a new user writes: five lines, with one entry. */
function config(entries: readonly Entry[], data = './data'): string {
  const text = [
    `agent: { name: web-1, data: ${data} }`,
    'indexers: [http://127.0.0.1:9]',
    'inputs:',
    ...entries.map(
      ([paths, integration]) => `  - file: { paths: ${JSON.stringify(paths)}, integration: ${integration} }`,
    ),
    '',
  ].join('\n')
  writeFileSync(place('agent.yml'), text)
  return 'agent.yml'
}

function command(args: readonly string[], uid?: number): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    cwd: folder,
    encoding: 'utf8',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  return { code: status, said: stdout + stderr }
}
const check = (file: string, uid?: number) => command(['check', '--offline', '--config', file], uid)

/** The samples of an integration in a folder of their own. */
function logs(integration: string): string {
  mkdirSync(place('logs'), { recursive: true })
  cpSync(join(INTEGRATIONS, integration, 'samples'), place(`logs/${integration}`), { recursive: true })
  return place(`logs/${integration}`)
}

describe('waybill-agent check', () => {
  it('five lines are enough, and of files that are read right nothing else is said', () => {
    const right = ['erp', 'clockify', 'connexcs', 'creatio', 'strapi', 'journald']
    const entries = right.map((integration): Entry => [[`${logs(integration)}/*`], integration])
    const { code, said } = check(config([...entries, [[join(logs('erp'), 'api.jsonl')], 'generic-json']]))
    expect(said).not.toMatch(/WRONG|probably/)
    expect(said.match(/ok .*\d files, read as /g)).toHaveLength(right.length + 1)
    expect(code).toBe(0)
  })

  it('says why nothing is where a path points, and what to do', () => {
    logs('erp')
    const sentences = new Map([
      ['nowhere/app/*.jsonl', `there is no folder ${folder}/nowhere (yet); check the path`],
      ['logs/erp/nope.csv', `there is no such file in ${folder}/logs/erp (yet); check the name`],
      ['logs/erp', `this is a folder; name the files in it, such as ${folder}/logs/erp/*.log`],
      ['logs/erp/*.nope', `the folder ${folder}/logs/erp is there, and no file in it matches (yet)`],
      ['logs/erp/api.jsonl/*.log', `${folder}/logs/erp/api.jsonl is no folder; check the path`],
    ])
    const entries = [...sentences.keys()].map((path): Entry => [[place(path)], 'erp'])
    const { code, said } = check(config([...entries, [[join(logs('erp'), '*')], 'clokify']]))
    for (const [path, sentence] of sentences) expect(said).toContain(`WRONG   ${place(path)}: ${sentence}`)
    expect(said).toMatch(/There is no integration clokify .*did you mean clockify/)
    expect(code).toBe(1)
  })

  it('says that a file is probably of another system; so does test', () => {
    const cases = [
      ['erp', 'clockify', 'Clockify audit log', 'audit-log.csv'],
      ['strapi', 'erp', 'ERP audit log', 'api.jsonl'],
      ['linux-auth', 'auditd', 'Linux audit log', 'audit.log'],
      ['connexcs', 'clockify', 'Clockify audit log', 'audit-log.csv'],
    ] as const
    const { code, said } = check(
      config(cases.map(([named, actual, , file]): Entry => [[join(logs(actual), file)], named])),
    )
    for (const [, actual, title, file] of cases) {
      expect(said).toMatch(
        new RegExp(
          `WRONG .*${file}: this is probably not .* are events of ${title}\\. Say integration: ${actual}`,
        ),
      )
    }
    expect(code).toBe(1)
    expect(command(['test', 'erp', join(logs('clockify'), 'audit-log.csv')]).said).toMatch(
      /this is probably not ERP audit log: .*Say integration: clockify\.\n/,
    )
  })

  it.skipIf(process.getuid?.() !== 0)('what this user may not read or make', () => {
    mkdirSync(place('closed/inner'), { recursive: true })
    writeFileSync(place('closed/a.jsonl'), '{"action":"View"}\n', { mode: 0o600 })
    chmodSync(place('closed/inner'), 0o700)
    const paths = [place('closed/*.jsonl'), place('closed/inner/*.jsonl')]
    const { code, said } = check(config([[paths, 'erp']], place('closed/data')), NOBODY)
    expect(said).toMatch(/WRONG .*closed\/a\.jsonl: this user may not read it: give it the right/)
    expect(said).toMatch(/WRONG .*The folder .*closed\/inner can't be listed: .*Give it the right/)
    expect(said).toMatch(
      /WRONG .*closed\/data: not there, and this user may not make it: give it the right to write in .*closed, or/,
    )
    expect(code).toBe(1)
    expect(command(['test', 'erp', 'closed/a.jsonl'], NOBODY).said).toBe(
      "No right to read closed/a.jsonl: run this as the agent's user, or as root.\n",
    )
  })

  it.each([
    ['agent:\n\tname: x\n', /agent\.yml:2: not YAML: .*; indent with blanks/],
    ['agent: { name: x, data: ./d }\n', /agent\.yml:1: indexers: missing/],
    [
      'agent: { name: x, data: ./d }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file: { path: /x, integration: erp }\n',
      /agent\.yml:4: .*unknown key "path" \(did you mean "paths"\?\)/,
    ],
  ])('settings such as %j', (text, sentence) => {
    writeFileSync(place('agent.yml'), text)
    const { code, said } = check('agent.yml')
    expect(said).toMatch(sentence)
    expect(code).not.toBe(0)
  })

  it('names the line of a column that means nothing', () => {
    const file = join(logs('erp'), 'export.csv')
    writeFileSync(
      place('agent.yml'),
      `agent: { name: x, data: ./d }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file:\n      paths: [${file}]\n      integration: erp\n      columns:\n        user.name: Sachbearbeiter\n        user.nmae: Bearbeiter\n`,
    )
    const { code, said } = check('agent.yml')
    expect(said).toMatch(
      /WRONG .*agent\.yml:9: columns: user\.nmae is neither a field .*\(did you mean user\.name\?\)/,
    )
    expect(said.match(/WRONG/g)).toHaveLength(1)
    expect(code).toBe(1)
  })

  it('a folder is no settings', () => {
    expect(check('.').said).toBe('. is a folder: name a file in it.\n')
  })
})
