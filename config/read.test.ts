import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type ConfigSources, parseConfig } from './read.ts'
import { Secret, secret } from './secret.ts'

const schema = z.strictObject({
  agent: z.strictObject({ name: z.string(), data: z.string() }),
  token: secret().optional(),
  mode: z.enum(['open', 'token']).default('open'),
  inputs: z.array(z.strictObject({ file: z.strictObject({ paths: z.array(z.string()) }) })).default([]),
})

const from: ConfigSources = {
  env: { NAME: 'web-1', TOKEN: 'hush-hush' },
  readSecretFile: (path) => {
    if (path === '/there') return 'from-a-file\n'
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  },
}
const parse = (text: string) => parseConfig(text, 'agent.yml', schema, from)
const refusal = (text: string): string => {
  try {
    parse(text)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}
const GOOD = 'agent: { name: a, data: ./d }\n'

describe('a config file', () => {
  it('is read, with defaults', () => {
    expect(parse(GOOD)).toEqual({ agent: { name: 'a', data: './d' }, mode: 'open', inputs: [] })
  })

  it('with a wrong key names file, line, key, what is allowed, and the likely slip', () => {
    expect(refusal(`${GOOD}\ninputs:\n  - file:\n      path: [x]\n`)).toContain(
      'agent.yml:5: inputs[0].file: unknown key "path" (did you mean "paths"?); allowed here: paths',
    )
  })

  it('with a wrong value names line, what was found and what is allowed', () => {
    expect(refusal(`${GOOD}mode: closed\n`)).toBe('agent.yml:2: mode: found "closed"; allowed: open, token')
    expect(refusal('agent: { name: 5, data: ./d }')).toBe('agent.yml:1: agent.name: found 5; expected a text')
    expect(refusal('agent:\n  name: x\n')).toBe('agent.yml:2: agent.data: missing; expected a text')
  })

  it('lists every problem, not only the first', () => {
    expect(refusal('agent: { name: 5 }\nmode: 7\n').split('\n')).toHaveLength(3)
  })

  it('that is no YAML names the line', () => {
    expect(refusal('agent:\n  name: "open\n')).toMatch(/^agent\.yml:\d+: not YAML: /)
    expect(refusal('agent: {}\nagent: {}\n')).toMatch(/^agent\.yml:2: not YAML: .*unique/)
  })

  it('takes values from the environment and from files', () => {
    expect(parse('agent: { name: "${env:NAME}-x", data: "${file:/there}" }').agent).toEqual({
      name: 'web-1-x',
      data: 'from-a-file',
    })
  })

  it('with a reference to nothing says which', () => {
    expect(refusal('agent:\n  name: ${env:NONE}\n  data: ${file:/none}\n')).toBe(
      'agent.yml:2: the environment variable NONE is not set (from "${env:NONE}")\n' +
        'agent.yml:3: the file /none can\'t be read: ENOENT (from "${file:/none}")',
    )
  })

  it('that is wrong where a secret stands says where, and never what', () => {
    const strict = z.strictObject({
      url: z
        .string()
        .refine((text) => !text.includes('@'), 'expected a URL without user and password')
        .optional(),
      password: secret()
        .refine((text) => text.reveal().length > 20, 'expected more characters')
        .optional(),
      tokens: z.array(z.strictObject({ name: z.string(), token: secret() })).default([]),
      other: z.string().optional(),
    })
    const messages = [
      'password: hush-hush',
      'password: [hush-hush]',
      'password: { hush-hush: 1 }',
      'tokens: hush-hush',
      'tokens: { name: a, token: hush-hush }',
      'tokens: [{ name: a, token: "${env:TOKEN}", hush-hush: 2 }]',
      'other: { x: "${env:TOKEN}" }',
      'other: ["${env:TOKEN}"]',
      '"${env:TOKEN}": 1',
      'url: https://elastic:hush-hush@es1.example:9200',
      'password: "a${hush-hush}b"',
      'password: "a"\nother: *hush-hush',
      'other: |hush-hush\n  x',
      'other: "a" hush-hush',
      'other: !!hush-hush {}',
    ].map((text) => {
      try {
        parseConfig(text, 'indexer.yml', strict, from)
      } catch (error) {
        return (error as Error).message
      }
      throw new Error(`it was accepted: ${text}`)
    })
    for (const message of messages) {
      expect(message).toMatch(/^indexer\.yml:\d: /)
      expect(message).not.toContain('hush')
    }
    expect(messages[0]).toBe(
      'indexer.yml:1: password: found a value that is not shown; expected more characters',
    )
    expect(messages[9]).toBe(
      'indexer.yml:1: url: found "https://[secret]@es1.example:9200"; expected a URL without user and password',
    )
  })

  it('never shows a secret', () => {
    const config = parse(`${GOOD}token: \${env:TOKEN}\n`)
    expect(config.token).toBeInstanceOf(Secret)
    expect(config.token?.reveal()).toBe('hush-hush')
    expect(`${config.token} ${JSON.stringify(config)} ${inspect(config)}`).not.toContain('hush')
    expect(refusal(`${GOOD}mode: \${env:TOKEN}\n`)).toBe(
      'agent.yml:2: mode: found ${env:TOKEN}; allowed: open, token',
    )
  })
})
