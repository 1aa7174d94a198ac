import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Command, commandOf } from './commands.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion.ts'
import { manualOf } from './manual.ts'
import { PROGRAMS } from './programs.ts'

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const about = { version: '1.2.3', date: new Date('2026-01-22T00:00:00Z') }

let folder: string
let programs: Map<string, Command>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-manual-'))
  programs = new Map()
  for (const { name, declare } of PROGRAMS) programs.set(name, await commandOf([name], declare))
})
afterAll(() => rmSync(folder, { recursive: true }))

const programOf = (name: string): Command => {
  const program = programs.get(name)
  if (program === undefined) throw new Error(`there is no ${name}`)
  return program
}

describe('the commands of a program, from its own definitions', () => {
  it('have their options, arguments and commands below them', () => {
    const agents = programOf('waybill').commands.find(({ path }) => path[1] === 'agents')
    const token = agents?.commands.find(({ path }) => path[2] === 'token')
    expect(token?.options.map(({ name }) => name)).toEqual(['ttl', 'uses', 'hosts'])
    expect(token?.options[0]).toMatchObject({ default: '1h', about: expect.stringContaining('How long') })
    const enroll = programOf('waybill-agent').commands.find(({ path }) => path[1] === 'enroll')
    expect(enroll?.arguments).toBe('<url>')
    expect(enroll?.options.find(({ name }) => name === 'config')?.alias).toEqual(['c'])
    expect(enroll?.examples[0]?.line).toBe('waybill-agent enroll https://indexer:8600 --config agent.yml')
  })

  it('each say what they are for', () => {
    const silent = (command: Command): string[] => [
      ...(command.about === '' ? [command.path.join(' ')] : []),
      ...command.commands.flatMap(silent),
    ]
    expect([...programs.values()].flatMap(silent)).toEqual([])
  })
})

describe('manual pages', () => {
  it('are there for the program and each of its first words', () => {
    const pages = manualOf(programOf('waybill-agent'), about)
    expect([...pages.keys()]).toContain('waybill-agent-enroll.1')
    expect(pages.size).toBe(programOf('waybill-agent').commands.length + 1)
    expect(pages.get('waybill-agent-enroll.1')).toContain('.B \\-\\-config, \\-c STRING')
  })

  it.skipIf(!has('man'))('are read by man without a warning, and show what they were given', () => {
    for (const program of programs.values())
      for (const [name, text] of manualOf(program, about)) {
        const file = join(folder, name)
        writeFileSync(file, text)
        const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], {
          encoding: 'utf8',
          env: { ...process.env, MANWIDTH: '200', MANROFFOPT: '', LC_ALL: 'C.UTF-8', MANPAGER: 'cat' },
        })
        expect(stderr, name).toBe('')
        expect(stdout).toContain('SYNOPSIS')
      }
  })
})

describe('completions', () => {
  const complete = (line: readonly string[]): string[] => {
    const file = join(folder, 'completion.bash')
    const [name = ''] = line
    writeFileSync(file, bashCompletion(programOf(name)))
    const words = line.map((word) => `'${word}'`).join(' ')
    const script = `source '${file}'; COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _${name.replaceAll('-', '_')}; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
  }

  it('offer commands, then their options with those of the commands above', () => {
    expect(complete(['waybill', 'ag'])).toEqual(['agents'])
    expect(complete(['waybill', 'agents', 'to'])).toEqual(['token'])
    expect(complete(['waybill', 'agents', 'token', '--t'])).toEqual(
      expect.arrayContaining(['--ttl', '--token']),
    )
    expect(complete(['waybill-agent', 'quarantine', 're'])).toEqual(['retry'])
    expect(complete(['waybill-agent', '--'])).toEqual(['--help'])
  })

  it.skipIf(!has('zsh'))('are understood by zsh', () => {
    for (const program of programs.values()) {
      const file = join(folder, 'completion.zsh')
      writeFileSync(file, zshCompletion(program))
      expect(spawnSync('zsh', ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    }
  })

  it('name each option of each command to fish', () => {
    const text = fishCompletion(programOf('waybill-agent'))
    expect(text).toContain(
      "complete -c waybill-agent -n '__fish_seen_subcommand_from run' -l once -d 'Ship what is there now",
    )
  })
})
