/** Texts with secrets, and texts that only mention them, as test cases for the mask. The secrets are generated when the tests run. */
import { readFileSync } from 'node:fs'

export interface SecretText {
  readonly text: string
  readonly secrets: readonly string[]
}

const linesOf = (name: string): string[] =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

export const harmlessTexts = (): string[] => linesOf('harmless.txt')

const ALPHABETS: Readonly<Record<string, string>> = {
  A: 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789',
  H: '0123456789abcdef',
  U: 'ABCDEFGHJKLMNPQRSTUVWXYZ234567',
  D: '123456789',
}

/** Words that occur in no other text of the corpus. */
const WORDS = [
  'zebra',
  'quill',
  'otter',
  'walnut',
  'pebble',
  'lantern',
  'saddle',
  'violin',
  'thimble',
  'meadow',
  'copper',
  'raven',
]

/** Makes secrets from a seed, so that a run can be repeated. */
class Maker {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  #below(most: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * most)
  }

  signs(alphabet: string, count: number): string {
    const signs = ALPHABETS[alphabet] ?? ''
    return Array.from({ length: count }, () => signs[this.#below(signs.length)]).join('')
  }

  /** Letters and digits, like those of password managers, possibly with a sign within. */
  password(): string {
    const sign = ['', '', '!', '%', '#', '.', '+'][this.#below(7)]!
    return `q${this.signs('A', 6)}${sign}${this.signs('D', 1)}${this.signs('A', 4)}`
  }

  /** The words of a passphrase. */
  words(): string[] {
    return Array.from({ length: 4 }, () => WORDS[this.#below(WORDS.length)]!)
  }

  pin(): string {
    return this.signs('D', 6)
  }
}

/** Records, as JSON, that state the change of a secret and name no field. */
export function changedSecrets(seed: number): SecretText[] {
  const maker = new Maker(seed)
  return linesOf('changes.txt').map((template) => filled(template, maker))
}

/** Records, as JSON, with values that are not secrets, although the record mentions one. */
export const harmlessChanges = (): string[] => linesOf('changes-harmless.txt')

/** A template with a secret in each `{}`. */
function filled(template: string, maker: Maker): SecretText {
  const secrets: string[] = []
  const text = template.replaceAll('\\n', '\n').replace(/\{([nbw]?)\}/g, (_, kind: string) => {
    if (kind === 'w') {
      const words = maker.words()
      secrets.push(...words)
      return words.join(' ')
    }
    if (kind === 'b') {
      const code = Buffer.from(`bob:${maker.password()}`).toString('base64')
      secrets.push(code)
      return code
    }
    const secret = kind === 'n' ? maker.pin() : maker.password()
    secrets.push(secret)
    return secret
  })
  return { text, secrets }
}

export function secretTexts(seed: number): SecretText[] {
  const maker = new Maker(seed)
  const told = linesOf('told.txt').map((template) => filled(template, maker))
  const around = linesOf('around.txt')
  const tokens = linesOf('tokens.txt').flatMap((parts) =>
    around.map((template): SecretText => {
      const secret = parts
        .replaceAll('|', '')
        .replace(/\{([A-Z])(\d+)\}/g, (_, alphabet: string, count: string) =>
          maker.signs(alphabet, Number(count)),
        )
      return { text: template.replace('{}', secret), secrets: [secret] }
    }),
  )
  return [...told, ...tokens]
}
