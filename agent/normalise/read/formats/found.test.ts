import { expect, it } from 'vitest'
import { auditd } from './auditd.ts'
import { journald } from './journald.ts'

it.each([
  ['auditd', auditd],
  ['journald', journald],
])('%s shows whole characters of a line that it can not read', (_name, format) => {
  for (let before = 38; before <= 41; before++) {
    const understood = format.read(`${'-'.repeat(before)}😀 and more`)
    expect(understood).toMatchObject({ problem: expect.stringMatching(/found -{38}/) })
    expect(understood?.problem?.isWellFormed()).toBe(true)
  }
})
