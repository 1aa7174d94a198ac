/**
 * Regular expressions of integrations run over text that anyone may have written, in an engine that backtracks. So an expression that
 * could take a disproportionate time is rejected when the integration is read: back references, look-arounds, repeats of repeats, and more
 * than two repeats whose end must be guessed. The rest is at worst quadratic, over at most this number of characters.
 */
export const PATTERN_REACH = 4096
const MOST_GUESSES = 2
/** Shorter repeats don't matter, nor do groups that repeat less often. */
const FEW = 8

/** The named groups that matched, with their texts. */
export type Groups = readonly (readonly [name: string, text: string])[]

/** A pattern for whole texts; null if the text does not match, or is longer than the limit. */
export interface WholePattern {
  exec(text: string): Groups | null
}

export function wholePattern(source: string): WholePattern {
  const { bare, names } = withoutNames(source)
  const expression = new RegExp(`^(?:${bare})$`, 'su')
  const begins = beginningsOf(source)
  return {
    exec(text) {
      // Of many patterns for one text, the first character excludes nearly all. This check costs a hundredth of a match.
      if (text !== '' && begins[Math.min(text.charCodeAt(0), BEYOND_ASCII)] === 0) return null
      if (text.length > PATTERN_REACH) return null
      const found = expression.exec(text)
      if (found === null) return null
      const groups: (readonly [string, string])[] = []
      for (let i = 0; i < names.length; i++) {
        const name = names[i]!
        const value = found[i + 1]
        if (name !== null && value !== undefined) groups.push([name, value])
      }
      return groups
    },
  }
}

/**
 * Returns a pattern with numbered groups, and their names; null for groups without a name. With named groups the engine makes an object
 * for each match, which costs more than the match itself.
 */
function withoutNames(source: string): { bare: string; names: readonly (string | null)[] } {
  const names: (string | null)[] = []
  const bare = source.replace(
    /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?<([A-Za-z_$][\w$]*)>|(?!\?))/gsu,
    (part, name?: string) => {
      if (part[0] !== '(') return part
      names.push(name ?? null)
      return '('
    },
  )
  return { bare, names }
}

const BEYOND_ASCII = 128

/** A table by character: 1 if a text that begins with it may match. Beyond ASCII, any character may. */
function beginningsOf(source: string): Uint8Array {
  const { signs } = firstOf(new Reader(source).read(), END)
  return Uint8Array.from({ length: BEYOND_ASCII + 1 }, (_, code) =>
    code === BEYOND_ASCII ? 1 : Number((signs >> BigInt(code)) & 1n),
  )
}

/** The names of a pattern's groups. */
export const groupNames = (source: string): string[] =>
  Object.keys(new RegExp(`${source}|`, 'su').exec('')?.groups ?? {})

/** Whether a pattern matches anywhere in the first part of a text, in any case. */
export function finder(source: string): (text: string) => boolean {
  const expression = new RegExp(source, 'isu')
  return (text) => expression.test(text.length > PATTERN_REACH ? text.slice(0, PATTERN_REACH) : text)
}

/**
 * Returns the fault of a pattern, as the end of a sentence; null if it is usable. `anywhere`: the pattern is searched for, not matched
 * whole.
 */
export function patternFault(source: string, { anywhere = false } = {}): string | null {
  try {
    new RegExp(source, 'su')
  } catch (error) {
    return `no regular expression (${error instanceof Error ? error.message : 'it does not compile'})`
  }
  let tree: Node
  try {
    tree = new Reader(source).read()
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
  const guesses = guessesIn(tree, END) + (anywhere && !source.startsWith('^') ? 1 : 0)
  return guesses > MOST_GUESSES
    ? `${guesses} repeats with an ambiguous end; a pattern may have ${MOST_GUESSES}: define more exactly what they match ([^"]* for .*), or what follows them`
    : null
}

class Refused extends Error {}

/** The characters that can be at a place, as bits: 128 for ASCII, and one for all others. */
type Signs = bigint
const NOTHING: Signs = 0n

type Node =
  | { readonly kind: 'sign'; readonly signs: Signs }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'either'; readonly branches: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number }

/** What can follow a place: its first characters, and whether the text may end there. */
interface Behind {
  readonly signs: Signs
}
const END: Behind = { signs: NOTHING }

function firstOf(node: Node, behind: Behind): Behind {
  switch (node.kind) {
    case 'sign':
      return { signs: node.signs }
    case 'sequence':
      return node.parts.reduceRight((after, part) => firstOf(part, after), behind)
    case 'either':
      return { signs: node.branches.reduce((all, branch) => all | firstOf(branch, behind).signs, NOTHING) }
    case 'repeat': {
      const own = firstOf(node.of, behind).signs
      return { signs: node.least === 0 ? own | behind.signs : own }
    }
  }
}

/** Counts the repeats that could end at several places. */
function guessesIn(node: Node, behind: Behind): number {
  switch (node.kind) {
    case 'sign':
      return 0
    case 'sequence': {
      let after = behind
      let count = 0
      for (const part of node.parts.toReversed()) {
        count += guessesIn(part, after)
        after = firstOf(part, after)
      }
      return count
    }
    case 'either':
      // Branches are tried one after the other, so their times add up; the times of consecutive parts multiply.
      return Math.max(...node.branches.map((branch) => guessesIn(branch, behind)))
    case 'repeat': {
      if (node.of.kind === 'sign') {
        return node.most > FEW && (node.of.signs & behind.signs) !== NOTHING ? 1 : 0
      }
      const within = guessesIn(node.of, { signs: behind.signs | firstOf(node.of, behind).signs })
      return within * node.most
    }
  }
}

/** Reads the relevant parts of a regular expression; its input was accepted by `RegExp`. */
class Reader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): Node {
    return this.#either()
  }

  #either(): Node {
    const branches = [this.#sequence()]
    while (this.#source[this.#at] === '|') {
      this.#at++
      branches.push(this.#sequence())
    }
    return branches.length === 1 ? branches[0]! : { kind: 'either', branches }
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (;;) {
      const sign = this.#source[this.#at]
      if (sign === undefined || sign === '|' || sign === ')') return { kind: 'sequence', parts }
      if (sign === '^' || sign === '$') {
        this.#at++
        continue
      }
      const atom = this.#atom()
      if (atom !== null) parts.push(this.#repeated(atom))
    }
  }

  #atom(): Node | null {
    const source = this.#source
    const from = this.#at
    if (source[from] === '(') return this.#group()
    if (source[from] === '[') {
      while (source[this.#at] !== ']') this.#at += source[this.#at] === '\\' ? 2 : 1
      this.#at++
    } else if (source[from] === '\\') {
      const sign = source[from + 1]!
      if (/[1-9k]/.test(sign)) throw new Refused('a reference back to a group, which patterns may not have')
      if (sign === 'b' || sign === 'B') {
        this.#at += 2
        return null
      }
      if (sign === 'p' || sign === 'P' || (sign === 'u' && source[from + 2] === '{')) {
        this.#at = source.indexOf('}', from) + 1
      } else this.#at += sign === 'u' ? 6 : sign === 'x' ? 4 : sign === 'c' ? 3 : 2
    } else this.#at += source.codePointAt(from)! > 0xffff ? 2 : 1
    return { kind: 'sign', signs: signsOf(source.slice(from, this.#at)) }
  }

  #group(): Node {
    const opening = /^\((?:\?:|\?<[A-Za-z_$][\w$]*>|(?!\?))/.exec(
      this.#source.slice(this.#at, this.#at + 128),
    )
    if (opening === null) throw new Refused('a look-around or a flag, which patterns may not have')
    this.#at += opening[0].length
    const inner = this.#either()
    this.#at++
    return inner
  }

  #repeated(atom: Node): Node {
    const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#source.slice(this.#at, this.#at + 32))
    if (found === null) return atom
    this.#at += found[0].length
    const [, short, least, comma, most] = found
    const from = short === undefined ? +least! : short === '+' ? 1 : 0
    const to =
      short === undefined
        ? comma === undefined
          ? from
          : most === ''
            ? Number.POSITIVE_INFINITY
            : +most!
        : short === '?'
          ? 1
          : Number.POSITIVE_INFINITY
    if (atom.kind !== 'sign' && to > FEW) {
      throw new Refused(`a group that repeats without bound (a group may repeat at most ${FEW} times)`)
    }
    if (to > 1 && repeatsGroup(atom)) throw new Refused('a repeated group in a repeated group')
    return { kind: 'repeat', of: atom, least: from, most: to }
  }
}

function repeatsGroup(node: Node): boolean {
  switch (node.kind) {
    case 'sign':
      return false
    case 'sequence':
      return node.parts.some(repeatsGroup)
    case 'either':
      return node.branches.some(repeatsGroup)
    case 'repeat':
      return (node.of.kind !== 'sign' && node.most > 1) || repeatsGroup(node.of)
  }
}

/** Patterns use few kinds of atoms. */
const KNOWN_SIGNS = new Map<string, Signs>()
const MOST_KNOWN = 1024

function signsOf(atom: string): Signs {
  const known = KNOWN_SIGNS.get(atom)
  if (known !== undefined) return known
  const signs = signsIn(atom)
  if (KNOWN_SIGNS.size >= MOST_KNOWN) KNOWN_SIGNS.clear()
  KNOWN_SIGNS.set(atom, signs)
  return signs
}

/** Tests with and without regard to case: `[^a-z]` contains `A` only with, `a` only without. */
function signsIn(atom: string): Signs {
  const expressions = [new RegExp(`^(?:${atom})$`, 'su'), new RegExp(`^(?:${atom})$`, 'isu')]
  const fits = (sign: string): boolean => expressions.some((expression) => expression.test(sign))
  let signs = NOTHING
  for (let code = 0; code < 128; code++) if (fits(String.fromCharCode(code))) signs |= 1n << BigInt(code)
  // All characters beyond ASCII count as one: they need not be distinguished.
  return ['\u00e4', '\u0436', '\u4e2d', '\u2028', '\u{1f600}', atom].some(
    (sign) => sign.charCodeAt(0) > 127 && fits(sign),
  )
    ? signs | (1n << 128n)
    : signs
}
