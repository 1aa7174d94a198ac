import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { EventRule } from '../index.ts'
import {
  agentSettingsSchema,
  eventRulesSchema,
  readQuestion,
  settingsNumber,
  settingsVersion,
  signQuestion,
} from './settings.ts'

const rules: EventRule[] = [{ event: 'erp.record.viewed', entity: 'Product', record: 'off' }]

describe('settings for agents', () => {
  it('have a version that names number and content', () => {
    const version = settingsVersion(7, rules)
    expect(settingsNumber(version)).toBe('7')
    expect(settingsVersion(7, [])).not.toBe(version)
    expect(agentSettingsSchema.parse({ version, events: rules })).toEqual({ version, events: rules })
  })

  it('are refused where the rules are not those of the version', () => {
    const version = settingsVersion(7, rules)
    const changed = [{ ...rules[0], record: 'on' }]
    expect(agentSettingsSchema.safeParse({ version, events: changed }).success).toBe(false)
    expect(agentSettingsSchema.safeParse({ version, events: [] }).success).toBe(false)
  })

  it('are refused whole where a rule says something that is not known here', () => {
    expect(eventRulesSchema.safeParse([{ ...rules[0], weekday: 'monday' }]).success).toBe(false)
    for (const event of ['', 'Erp.*', 'erp.*.viewed', 'erp viewed'])
      expect(eventRulesSchema.safeParse([{ event, record: 'off' }]).success, event).toBe(false)
  })
})

describe("an agent's question", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const question = { agent: 'a-123', key: 'k1', asked: 1_700_000_000_000, path: '/v1/agent/settings' }
  const header = signQuestion(question, privateKey)

  it('is read as it was signed', () => {
    const read = readQuestion(header)
    expect(read?.question).toEqual(question)
    expect(read?.signedBy(publicKey)).toBe(true)
    expect(read?.signedBy(generateKeyPairSync('ed25519').publicKey)).toBe(false)
  })

  it('that was changed is not signed, and one in another form is none', () => {
    const [, signature] = header.split('.')
    const other = Buffer.from(JSON.stringify({ ...question, agent: 'a-124' })).toString('base64url')
    expect(readQuestion(`Waybill ${other}.${signature}`)?.signedBy(publicKey)).toBe(false)
    expect(readQuestion(header.slice(0, -20))?.signedBy(publicKey)).toBe(false)
    for (const text of [undefined, '', 'Bearer x', 'Waybill', 'Waybill .', 'Waybill e30.e30'])
      expect(readQuestion(text)).toBeNull()
  })
})
