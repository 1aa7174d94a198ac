import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INTEGRATIONS } from '../normalise/index.ts'

const SCRIPT = join(import.meta.dirname, '../../bin/waybill-agent.js')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-propose-'))
  chmodSync(folder, 0o755)
  cpSync(join(import.meta.dirname, '../propose/samples/keycloak.jsonl'), join(folder, 'keycloak.jsonl'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(...args: string[]): { code: number | null; said: string; wrong: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { code: status, said: stdout, wrong: stderr }
}
const place = (name: string): string => join(folder, name)

describe('waybill-agent propose', () => {
  it('shows what is found, the file and what records become, and writes nothing where nobody can be asked', () => {
    const { code, said, wrong } = run('propose', 'keycloak.jsonl')
    expect(code).toBe(0)
    expect(said).toMatch(/keycloak\.jsonl: a JSON object a line, 4 records/)
    expect(said).toMatch(/source\.ip +ipAddress +a usual name/)
    expect(said).toMatch(/\nname: keycloak\n/)
    expect(said).toMatch(/line 2 +keycloak\.login_error +\(Login error\)/)
    expect(wrong).toMatch(/Nothing is written: .*--yes writes integration\.yml/)
    expect(existsSync(place('integration.yml'))).toBe(false)
  })

  it('writes what the ordinary commands read, and never over what is there unasked', {
    timeout: 180_000,
  }, () => {
    const output = 'sso/integration.yml'
    const args = ['propose', 'keycloak.jsonl', '--name', 'sso', '--output', output, '--yes']
    expect(run(...args)).toMatchObject({ code: 0, wrong: expect.stringContaining(`${output} is written`) })
    const tested = run('test', `./${output}`, 'keycloak.jsonl')
    expect(tested.code).toBe(0)
    expect(tested.said).toMatch(/4 events of 4 types, 0 not understood/)
    expect(tested.said).not.toMatch(/never matched: .*types/)
    writeFileSync(place(output), '# mine\n')
    expect(run(...args)).toMatchObject({
      code: 1,
      wrong: expect.stringMatching(/is there already: say --overwrite/),
    })
    expect(readFileSync(place(output), 'utf8')).toBe('# mine\n')
    expect(run(...args, '--overwrite').code).toBe(0)
    expect(readFileSync(place(output), 'utf8')).toMatch(/^name: sso$/m)
  })

  it('says where an integration knows the file already', () => {
    expect(run('propose', join(INTEGRATIONS, 'clockify/samples/audit-log.csv'), '--show', '0').wrong).toMatch(
      /are events of Clockify audit log\. Say integration: clockify/,
    )
  })

  it.each([
    [['no-such.log'], /There is no file no-such\.log/],
    [['.'], /\. is a folder; name a file in it/],
    [['empty.log'], /empty\.log is empty/],
    [['noise.bin'], /noise\.bin is no text/],
    [['keycloak.jsonl', '--name', 'My Shop!'], /--name My Shop!: expected a-z, 0-9 and _, such as my_shop/],
  ])('%j ends in a sentence', (args, sentence) => {
    writeFileSync(place('empty.log'), '\n')
    writeFileSync(place('noise.bin'), Buffer.from([0, 1, 2, 3, 255, 254, 0, 9]))
    mkdirSync(place('folder'), { recursive: true })
    const { code, wrong } = run('propose', ...args)
    expect(code).toBe(2)
    expect(wrong).toMatch(sentence)
    expect(wrong).not.toContain('mistake of waybill-agent')
  })
})
