import { describe, expect, it } from 'vitest'
import { clientOf } from './enricher.ts'

const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1'
const CHROMIUM = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0'

describe('what a client says of itself', () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Safari/537.36 Edg/130.0.2849.46`,
      {
        name: 'Edge',
        version: '130.0.2849.46',
        os: { name: 'Windows', version: '10' },
        device: { name: 'Desktop' },
      },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      { name: 'Firefox', version: '132.0', os: { name: 'Linux' }, device: { name: 'Desktop' } },
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${SAFARI} Mobile/15E148 Safari/604.1`,
      { name: 'Safari', version: '18.1', os: { name: 'iOS', version: '18.1' }, device: { name: 'iPhone' } },
    ],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${SAFARI} Safari/605.1.15`,
      {
        name: 'Safari',
        version: '18.1',
        os: { name: 'macOS', version: '10.15.7' },
        device: { name: 'Desktop' },
      },
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; SM-S918B) ${CHROMIUM} Mobile Safari/537.36`,
      {
        name: 'Chrome',
        version: '130.0.0.0',
        os: { name: 'Android', version: '14' },
        device: { name: 'Mobile' },
      },
    ],
    [
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      { name: 'Googlebot', version: '2.1', device: { name: 'Bot' } },
    ],
    ['Mozilla/5.0 (X11; Linux x86_64)', { os: { name: 'Linux' }, device: { name: 'Desktop' } }],
  ])('%s', (userAgent, client) => {
    expect(clientOf(userAgent)).toEqual(client)
  })

  it.each([
    ['curl/8.5.0', 'curl', '8.5.0'],
    ['python-requests/2.31.0', 'python-requests', '2.31.0'],
    ['okhttp/4.12.0 (linux)', 'okhttp', '4.12.0'],
  ])('a program that is no browser is known by its first product: %s', (userAgent, name, version) => {
    expect(clientOf(userAgent)).toMatchObject({ name, version })
  })

  it.each(['', '   ', '-', 'our own thing', '/8.5', '1'.repeat(100_000)])(
    'what says nothing has no parts: %s',
    (userAgent) => expect(clientOf(userAgent)).toEqual({}),
  )
})
