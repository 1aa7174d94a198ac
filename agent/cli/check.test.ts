import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INTEGRATIONS } from '../normalise/index.ts'
import { waybillAgent } from './testing/command.ts'

const SCRIPT = join(import.meta.dirname, '../../bin/waybill-agent.js')
const NOBODY = 65534
/** The group of the system's logs in Debian and its relatives, Fedora and its relatives. */
const ADM = 4

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-check-'))
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const place = (name: string): string => join(folder, name)

type Entry = readonly [paths: readonly string[], integration: string]

/** A new user's settings: five lines, with one entry. */
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

interface Said {
  readonly code: number | null
  readonly said: string
}

async function command(...args: string[]): Promise<Said> {
  const { code, out, err } = await waybillAgent(folder, args)
  return { code, said: out + err }
}
const check = (file: string): Promise<Said> => command('check', '--offline', '--config', file)

/** Runs the command as a user with fewer rights. */
function asNobody(...args: string[]): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    cwd: folder,
    encoding: 'utf8',
    uid: NOBODY,
    gid: NOBODY,
  })
  return { code: status, said: stdout + stderr }
}

/** Copies the samples of an integration into a separate folder. */
function logs(integration: string): string {
  mkdirSync(place('logs'), { recursive: true })
  cpSync(join(INTEGRATIONS, integration, 'samples'), place(`logs/${integration}`), { recursive: true })
  return place(`logs/${integration}`)
}

describe('waybill-agent check', () => {
  it('five lines are enough, and of files that are read right nothing else is said', async () => {
    const right = ['erp', 'clockify', 'connexcs', 'creatio', 'strapi', 'journald']
    const entries = right.map((integration): Entry => [[`${logs(integration)}/*`], integration])
    const { code, said } = await check(
      config([...entries, [[join(logs('erp'), 'api.jsonl')], 'generic-json']]),
    )
    expect(said).not.toMatch(/WRONG|NOTICE|probably/)
    expect(said.match(/ok .*\d files?, read as /g)).toHaveLength(right.length + 1)
    expect(code).toBe(0)
  })

  it('says why nothing is where a path points, and what to do', async () => {
    logs('erp')
    const sentences = new Map([
      ['nowhere/app/*.jsonl', `the folder ${folder}/nowhere does not exist (yet); check the path`],
      ['logs/erp/nope.csv', `${folder}/logs/erp has no such file (yet); check the name`],
      ['logs/erp', `this is a folder; name the files in it, such as ${folder}/logs/erp/*.log`],
      ['logs/erp/*.nope', `the folder ${folder}/logs/erp is there, and no file in it matches (yet)`],
      ['logs/erp/api.jsonl/*.log', `${folder}/logs/erp/api.jsonl is not a folder; check the path`],
    ])
    const entries = [...sentences.keys()].map((path): Entry => [[place(path)], 'erp'])
    const { code, said } = await check(config([...entries, [[join(logs('erp'), '*')], 'clokify']]))
    for (const [path, sentence] of sentences) expect(said).toContain(`WRONG   ${place(path)}: ${sentence}`)
    expect(said).toMatch(/There is no integration clokify .*did you mean clockify/)
    expect(code).toBe(1)
  })

  it('says that a file is probably of another system; so does test', async () => {
    const cases = [
      ['erp', 'clockify', 'Clockify audit log', 'audit-log.csv'],
      ['strapi', 'erp', 'ERP audit log', 'api.jsonl'],
      ['linux-auth', 'auditd', 'Linux audit log', 'audit.log'],
      ['connexcs', 'clockify', 'Clockify audit log', 'audit-log.csv'],
    ] as const
    const { code, said } = await check(
      config(cases.map(([named, actual, , file]): Entry => [[join(logs(actual), file)], named])),
    )
    for (const [, actual, title, file] of cases) {
      expect(said).toMatch(
        new RegExp(
          `WRONG .*${file}: this is probably not .* are events of ${title}\\. Set integration: ${actual}`,
        ),
      )
    }
    expect(code).toBe(1)
    expect((await command('test', 'erp', join(logs('clockify'), 'audit-log.csv'))).said).toMatch(
      /this is probably not ERP audit log: .*Set integration: clockify\.\n/,
    )
  })

  it.skipIf(process.getuid?.() !== 0)('what this user may not read or make', () => {
    mkdirSync(place('closed/inner'), { recursive: true })
    writeFileSync(place('closed/a.jsonl'), '{"action":"View"}\n', { mode: 0o600 })
    chmodSync(place('closed/inner'), 0o700)
    const paths = [place('closed/*.jsonl'), place('closed/inner/*.jsonl')]
    config([[paths, 'erp']], place('closed/data'))
    const { code, said } = asNobody('check', '--offline')
    expect(said).toMatch(
      /WRONG .*closed\/a\.jsonl: only root may read it: give this user the permission \(setfacl --modify user:nobody:r .*closed\/a\.jsonl\)/,
    )
    expect(said).toMatch(/WRONG .*closed\/inner: only root may read it: .*setfacl --modify user:nobody:rx/)
    expect(said).toMatch(
      /WRONG .*closed\/data: does not exist, and this user may not make it: give the user permission to write in .*closed, or/,
    )
    expect(code).toBe(1)
    expect(asNobody('test', 'erp', 'closed/a.jsonl').said).toBe(
      "This user may not read closed/a.jsonl: run the command as the agent's user, or as root. (WB-FILE-UNREADABLE)\n",
    )
  })

  it.skipIf(process.getuid?.() !== 0)('the group that may read what this user may not', () => {
    mkdirSync(place('grouped'))
    writeFileSync(place('grouped/a.jsonl'), '{"action":"View"}\n', { mode: 0o640 })
    chownSync(place('grouped/a.jsonl'), 0, ADM)
    config([[[place('grouped/*.jsonl')], 'erp']], place('grouped-data'))
    expect(asNobody('check', '--offline').said).toMatch(
      /WRONG .*grouped\/a\.jsonl: this user is not in the group adm, which may read it: usermod --append --groups adm nobody, and restart the agent/,
    )
    chmodSync(place('grouped'), 0o710)
    chownSync(place('grouped'), 0, ADM)
    expect(asNobody('check', '--offline').said).toMatch(/grouped: only root may read it: .*:rx/)
  })

  it.skipIf(process.getuid?.() !== 0)('that root sees files which the agent may not read', async () => {
    mkdirSync(place('owned'))
    chownSync(place('owned'), NOBODY, NOBODY)
    config([[[place('owned/*.jsonl')], 'erp']], place('owned'))
    expect((await check('agent.yml')).said).toMatch(
      /NOTICE .*owned: root may read every file, but the agent runs as nobody: sudo -u nobody waybill-agent check --config agent\.yml/,
    )
  })

  it.each([
    ['agent:\n\tname: x\n', /agent\.yml:2: not YAML: .*; indent with blanks/],
    ['agent: { name: x, data: ./d }\n', /agent\.yml:1: indexers: missing/],
    [
      'agent: { name: x, data: ./d }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file: { path: /x, integration: erp }\n',
      /agent\.yml:4: .*unknown key "path" \(did you mean "paths"\?\)/,
    ],
  ])('settings such as %j', async (text, sentence) => {
    writeFileSync(place('agent.yml'), text)
    const { code, said } = await check('agent.yml')
    expect(said).toMatch(sentence)
    expect(code).not.toBe(0)
  })

  it('names the line of a column that means nothing', async () => {
    const file = join(logs('erp'), 'export.csv')
    writeFileSync(
      place('agent.yml'),
      `agent: { name: x, data: ./d }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file:\n      paths: [${file}]\n      integration: erp\n      columns:\n        user.name: User\n        user.nmae: Role\n`,
    )
    const { code, said } = await check('agent.yml')
    expect(said).toMatch(
      /WRONG .*agent\.yml:9: columns: user\.nmae is neither a field .*\(did you mean user\.name\?\)/,
    )
    expect(said.match(/WRONG/g)).toHaveLength(1)
    expect(code).toBe(1)
  })

  describe('of what a file shows', () => {
    /** Checks one entry for a file with this content. */
    async function look(name: string, content: string | Buffer, more: string): Promise<Said> {
      writeFileSync(place(name), content)
      writeFileSync(
        place('agent.yml'),
        `agent: { name: x, data: ./d }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file: { paths: [./${name}], ${more} }\n`,
      )
      return await check('agent.yml')
    }
    const ROWS = 'Zeitpunkt;Benutzer;Aktion\n31.12.2025 14:05;anna;update\n02.01.2026 08:30;bob;login\n'

    it("says that times can't be read, with an example and what to write; that is then right", async () => {
      const { code, said } = await look('de.csv', ROWS, 'integration: generic-csv')
      const entry = '"@timestamp": { from: "Zeitpunkt", format: "DD.MM.YYYY HH:mm" }'
      expect(said).toContain(
        `of 2 records read with generic-csv, 2 have a time that can't be read, such as "31.12.2025 14:05" in Zeitpunkt. Give the format: columns: { ${entry} } in agent.yml.`,
      )
      expect(code).toBe(0)
      const right = await look('de.csv', ROWS, `integration: generic-csv, columns: { ${entry} }`)
      expect(right.said).not.toMatch(/NOTICE|WRONG/)
    })

    it.each([
      // Days and months can't be distinguished here, so check offers its format as an example.
      [ROWS.replaceAll(/\d\d\.\d\d\.\d{4} /g, '1/2/2026 '), /, for example: columns: .*DD\/MM/],
      [
        ROWS.replaceAll(/\d\d\.\d\d\.\d{4} \d\d:\d\d/g, 'gestern'),
        /such as "gestern" .*, for example: columns:/,
      ],
      [
        ROWS.replaceAll(/\d\d\.\d\d\.\d{4} \d\d:\d\d/g, '1970-01-01'),
        /can't be right, such as "1970-01-01" in Zeitpunkt/,
      ],
      [
        ROWS.replace('Zeitpunkt', 'Wann'),
        /2 have no known column for their time\. .*columns: \{ "@timestamp": NAME \}.* The columns are: Wann, Benutzer, Aktion/,
      ],
    ])('%j: says what is wrong with the times', async (content, sentence) => {
      expect((await look('times.csv', content, 'integration: generic-csv')).said).toMatch(sentence)
    })

    it.each([
      [
        'user.name: Benutzr',
        /WRONG .*names Benutzr for user\.name, but the file has no such column \(did you mean Benutzer\?\); it has Zeitpunkt, Benutzer, Aktion/,
      ],
      ['user.name: [Benutzr, benutzer]', null],
      [
        'user.name: { from: Benutzer, format: DD.MM.YYYY }',
        /WRONG .*agent\.yml:4: columns: only a time has a format, and user\.name is not a time/,
      ],
      [
        '"@timestamp": { from: Zeitpunkt, format: TT.MM.JJJJ }',
        /agent\.yml:4: .*format: found "TT\.MM\.JJJJ"; the pattern needs MM .*"DD\.MM\.YYYY HH:mm:ss"/,
      ],
      [
        '"@timestamp": { from: Zeitpunkt }',
        /agent\.yml:4: .*format: missing; expected the format of its times/,
      ],
    ])('columns: { %s }', async (columns, sentence) => {
      const { code, said } = await look('de.csv', ROWS, `integration: generic-csv, columns: { ${columns} }`)
      if (sentence === null) expect(said).not.toContain('WRONG')
      else expect(said).toMatch(sentence)
      expect(code === 0).toBe(sentence === null)
    })

    it('a member that other records may have is only worth a look', async () => {
      const record = '{"time":"2026-01-02T08:30:00Z","user":"anna","action":"update"}\n'
      const { code, said } = await look(
        'one.jsonl',
        record,
        'integration: generic-json, columns: { before: vorher }',
      )
      expect([code, said]).toEqual([0, expect.stringMatching(/NOTICE .*names vorher for before/)])
    })

    it('says that nothing was understood, however little there is', async () => {
      const { code, said } = await look('bad.jsonl', 'no json\n', 'integration: generic-json')
      expect(said).toMatch(
        /WRONG .*none of the first 1 records is understood .*\(line 1: Not JSON: .*propose/,
      )
      expect(code).toBe(1)
    })

    it.each([
      ['j.jsonl', '{"action":"View","user":"j"}\n', 'generic-csv', 'JSON', 'generic-json'],
      ['list.json', '[\n  {\n    "action": "View" }\n]\n', 'generic-csv', 'JSON', 'generic-json'],
      ['rows.csv', ROWS, 'generic-json', 'CSV with a header line', 'generic-csv'],
    ])('says that %s has another form; so does test', async (name, content, integration, looks, other) => {
      const { code, said } = await look(name, content, `integration: ${integration}`)
      const sentence = new RegExp(
        `this looks like ${looks}, which .* doesn't read\\. Set integration: ${other}`,
      )
      expect(said).toMatch(sentence)
      expect(code).toBe(1)
      expect((await command('test', integration, name)).said).toMatch(sentence)
    })

    it('says that what matches is compressed, or left out', async () => {
      const packed = gzipSync('{"time":"2026-01-02T08:30:00Z","action":"View","user":"j"}\n')
      const { code, said } = await look('a.json.gz', packed, 'integration: generic-json')
      expect([code, said]).toEqual([
        1,
        expect.stringContaining('are compressed (1 file): gzip: true beside paths:'),
      ])
      expect((await look('a.json.gz', packed, 'integration: generic-json, gzip: true')).said).not.toContain(
        'WRONG',
      )
      expect((await look('de.csv', ROWS, 'integration: generic-csv, exclude: ["*.csv"]')).said).toMatch(
        /WRONG .*exclude: leaves out all matching files \(1 file\)/,
      )
    })
  })

  it('a mistake in the command line is 2, with what was probably meant', async () => {
    const wrong: readonly [readonly string[], string][] = [
      [['chek'], 'Did you mean check?'],
      [['check', '--ofline'], 'There is no option --ofline; did you mean --offline?'],
      [['check', '--config', 'a.yml', '--config', 'b.yml'], '--config is given twice'],
      [['test', 'erp', '--line', 'one'], '--line takes a number'],
      [['test', 'erp', '--time-format', 'TT.MM'], '--time-format: the pattern needs MM'],
      [['test', 'erp', '--time-format', 'DD.MM.YYYY'], '--time-format needs a --column for a time'],
      [['test', 'erp', '--column', 'user.nmae=x'], 'did you mean user.name?'],
    ]
    for (const [args, sentence] of wrong) {
      expect(await command(...args), args.join(' ')).toEqual({
        code: 2,
        said: expect.stringContaining(sentence),
      })
    }
  })

  it('only commands that ship or enroll need the secrets that the settings name', async () => {
    const file = config([[['a.jsonl'], 'generic-json']])
    const text = readFileSync(place(file), 'utf8')
    const withToken = text.replace('{ name: web-1,', "{ name: web-1, token: '${env:WAYBILL_NOT_SET}',")
    writeFileSync(place(file), withToken)
    for (const name of ['status', 'spool', 'quarantine'])
      expect((await command(name, '--config', file)).said, name).not.toContain('WAYBILL_NOT_SET')
    const { code, said } = await command('run', '--config', file)
    expect([code, said]).toEqual([2, expect.stringContaining('WAYBILL_NOT_SET is not set')])
  })

  it('a folder is no settings', async () => {
    expect((await check('.')).said).toBe('. is a folder: name a file in it. (WB-FILE-UNREADABLE)\n')
  })
})
