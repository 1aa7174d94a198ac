import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SecretNames } from './names.ts'

const names = new SecretNames({ names: [], patterns: {}, keep: ['session_token'] })
/** With an own name, each name is examined completely. */
const thorough = new SecretNames({ names: ['zzz'], patterns: {}, keep: ['session_token'] })

it('no name of a secret is taken for one of another thing at first sight', () => {
  const word = fc.constantFrom(
    ...[
      'password',
      'PassPhrase',
      'pwd',
      'Secret',
      'toKen',
      'to\u212aen',
      'cookies',
      'credential',
      'CVV',
      'apiKey',
    ],
    ...[
      'api',
      'API',
      'private',
      'key',
      'Key',
      'hash',
      'old',
      'user',
      'pass',
      'word',
      'session',
      '7',
      '11713',
      'pid',
    ],
  )
  const between = fc.constantFrom('', '', '_', '-', ' ', '.', '9')
  let secrets = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(word, between), { maxLength: 4 }), (parts) => {
      const name = parts.flat().join('')
      const kind = thorough.kindOf(name)
      if (kind !== null) secrets++
      expect(names.kindOf(name)).toBe(kind)
    }),
    { numRuns: 3000 },
  )
  expect(secrets).toBeGreaterThan(100)
})
