import { expect, it } from 'vitest'
import { channelsOf } from './setup.ts'

it('a channel reaches all that are named for it, by mail or in Slack', () => {
  expect(
    channelsOf(
      'security=soc@acme.example,it-manager=it@acme.example,security=#soc,security=duty@acme.example',
    ),
  ).toEqual({
    security: { email: ['soc@acme.example', 'duty@acme.example'], slack: ['#soc'] },
    'it-manager': { email: ['it@acme.example'], slack: [] },
  })
})

it.each(['security', 'security=', '=soc@acme.example', 'security=nobody'])(
  '%s says what is expected',
  (text) => {
    expect(() => channelsOf(text)).toThrow('such as security=soc@acme.example')
  },
)
