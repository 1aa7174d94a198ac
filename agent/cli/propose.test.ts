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
import { waybillAgent } from './testing/command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-propose-'))
  chmodSync(folder, 0o755)
  cpSync(join(import.meta.dirname, '../propose/samples/keycloak.jsonl'), join(folder, 'keycloak.jsonl'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = async (...args: string[]): Promise<{ code: number | null; said: string; wrong: string }> => {
  const { code, out, err } = await waybillAgent(folder, args)
  return { code, said: out, wrong: err }
}
const place = (name: string): string => join(folder, name)

describe('waybill-agent propose', () => {
  it('shows what is found, the file and what records become, and writes nothing where nobody can be asked', async () => {
    const { code, said, wrong } = await run('propose', 'keycloak.jsonl')
    expect(code).toBe(0)
    expect(said).toMatch(/keycloak\.jsonl: a JSON object a line, 4 records/)
    expect(said).toMatch(/source\.ip +ipAddress +a usual name/)
    expect(said).toMatch(/\nname: keycloak\n/)
    expect(said).toMatch(/line 2 +keycloak\.login_error +\(Login error\)/)
    expect(wrong).toMatch(/Nothing was written, .*--yes writes integration\.yml/)
    expect(existsSync(place('integration.yml'))).toBe(false)
  })

  it('writes what the ordinary commands read, and never over what is there unasked', {
    timeout: 180_000,
  }, async () => {
    const output = 'sso/integration.yml'
    const args = ['propose', 'keycloak.jsonl', '--name', 'sso', '--output', output, '--yes']
    expect(await run(...args)).toMatchObject({
      code: 0,
      wrong: expect.stringContaining(`${output} was written`),
    })
    const tested = await run('test', `./${output}`, 'keycloak.jsonl')
    expect(tested.code).toBe(0)
    expect(tested.said).toMatch(/4 events of 4 types, 0 not understood/)
    expect(tested.said).not.toMatch(/never matched: .*types/)
    writeFileSync(place(output), '# mine\n')
    expect(await run(...args)).toMatchObject({
      code: 1,
      wrong: expect.stringMatching(/already exists: use --overwrite/),
    })
    expect(readFileSync(place(output), 'utf8')).toBe('# mine\n')
    expect((await run(...args, '--overwrite')).code).toBe(0)
    expect(readFileSync(place(output), 'utf8')).toMatch(/^name: sso$/m)
  })

  it('says where an integration knows the file already', async () => {
    expect(
      (await run('propose', join(INTEGRATIONS, 'clockify/samples/audit-log.csv'), '--show', '0')).wrong,
    ).toMatch(/are events of Clockify audit log\. Set integration: clockify/)
  })

  it.each([
    [['no-such.log'], /The file no-such\.log does not exist/],
    [['.'], /\. is a folder; name a file in it/],
    [['empty.log'], /empty\.log is empty/],
    [['noise.bin'], /noise\.bin is not a text/],
    [['keycloak.jsonl', '--name', 'My Shop!'], /--name My Shop!: expected a-z, 0-9 and _, such as my_shop/],
  ])('%j ends in a sentence', async (args, sentence) => {
    writeFileSync(place('empty.log'), '\n')
    writeFileSync(place('noise.bin'), Buffer.from([0, 1, 2, 3, 255, 254, 0, 9]))
    mkdirSync(place('folder'), { recursive: true })
    const { code, wrong } = await run('propose', ...args)
    expect(code).toBe(2)
    expect(wrong).toMatch(sentence)
    expect(wrong).not.toContain('defect of waybill-agent')
  })
})
