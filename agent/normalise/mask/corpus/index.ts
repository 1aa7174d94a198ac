/** Texts with secrets, and texts that only speak of them: what masks are held to. The secrets are made when the tests run. */
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

/** Secrets of a seed: a run can be repeated. */
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

  /** Letters and digits, as password managers make them, or with a sign within. */
  password(): string {
    const sign = ['', '', '!', '%', '#', '.', '+'][this.#below(7)]!
    return `q${this.signs('A', 6)}${sign}${this.signs('D', 1)}${this.signs('A', 4)}`
  }

  pin(): string {
    return this.signs('D', 6)
  }
}

export function secretTexts(seed: number): SecretText[] {
  const maker = new Maker(seed)
  const told = linesOf('told.txt').map((template): SecretText => {
    const secrets: string[] = []
    const text = template.replaceAll('\\n', '\n').replace(/\{([nb]?)\}/g, (_, kind: string) => {
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
  })
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
