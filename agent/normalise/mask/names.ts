import { folded, type MaskNames } from '../integration.ts'
import { wordsOfName } from '../lookups.ts'

/** What the last word of a secret's name is, and the kind that its mask shows. */
const NOUNS: Readonly<Record<string, string>> = {
  password: 'password',
  passwords: 'password',
  passwd: 'password',
  passphrase: 'password',
  passcode: 'password',
  pwd: 'password',
  secret: 'secret',
  secrets: 'secret',
  token: 'token',
  cookie: 'cookie',
  cookies: 'cookie',
  credential: 'credential',
  credentials: 'credential',
  authorization: 'authorization',
  authorisation: 'authorization',
  apikey: 'api_key',
  cvv: 'cvv',
  cvc: 'cvc',
}
/** Of one of them, or of `key`, every secret's name has a part: of most that are asked for, such as `11713 pid`, that says all. */
const PERHAPS = new RegExp([...Object.keys(NOUNS), 'key'].join('|'), 'iu')
/** What the word before `key` is. */
const KEYS: Readonly<Record<string, string>> = { api: 'api_key', private: 'private_key', secret: 'secret' }
/** Words that may stand behind: `password_hash`, `new_password_confirmation`. */
const BEHIND = new Set(
  [
    'hash',
    'hashed',
    'digest',
    'salt',
    'value',
    'plain',
    'plaintext',
    'encrypted',
    'old',
    'new',
    'current',
  ].concat(['previous', 'confirm', 'confirmation', 'repeat', 'again']),
)

/** Members that name the field whose values stand beside them: `{field: "Password", old: "x", new: "y"}`. */
const NAMERS = new Set(
  [
    'field',
    'fieldname',
    'attribute',
    'property',
    'column',
    'columnname',
    'setting',
    'parameter',
    'key',
    'name',
  ].concat(['path', 'variable']),
)
const VALUES = new Set(
  [
    'old',
    'new',
    'from',
    'to',
    'before',
    'after',
    'previous',
    'current',
    'value',
    'oldvalue',
    'newvalue',
  ].concat([
    'previousvalue',
    'currentvalue',
    'valuebefore',
    'valueafter',
    'original',
    'updated',
    'defaultvalue',
  ]),
)
/** What tells about a secret without being one: `{"token": {"id": 5, "expires_at": ...}}`. */
const ABOUT = new Set(
  [
    'id',
    'name',
    'type',
    'title',
    'label',
    'description',
    'created',
    'updated',
    'expires',
    'expiry',
    'scope',
  ].concat(['scopes', 'last', 'owner', 'status', 'version', 'algorithm', 'at', 'by']),
)

/** Whether members of this name say which field the values beside them are of. */
export const isNamer = (name: string): boolean => NAMERS.has(folded(name))

/** Which names say that their values are secret. */
export class SecretNames {
  readonly #own: ReadonlyMap<string, string>
  readonly #ownKinds: ReadonlySet<string>
  readonly #keep: ReadonlySet<string>
  readonly #known = new Map<string, string | null>()

  constructor(mask: MaskNames) {
    this.#own = new Map(mask.names.map((name) => [folded(name), wordsOfName(name).join('_') || 'secret']))
    this.#ownKinds = new Set(this.#own.values())
    this.#keep = new Set(mask.keep.map(folded))
  }

  /** The kind of secret that a name stands for; null for names of other things. */
  kindOf(name: string): string | null {
    if (name.length > 128) return null
    let kind = this.#known.get(name)
    if (kind === undefined) {
      if (this.#own.size === 0 && !PERHAPS.test(name)) return null
      kind = this.#work(name)
      if (this.#known.size >= 4096) this.#known.clear()
      this.#known.set(name, kind)
    }
    return kind
  }

  #work(name: string): string | null {
    const fold = folded(name)
    if (this.#keep.has(fold)) return null
    const own = this.#own.get(fold)
    if (own !== undefined) return own
    const words = wordsOfName(name).filter((word) => !/^\d+$/.test(word))
    while (words.length > 1 && BEHIND.has(words.at(-1)!)) words.pop()
    const last = words.at(-1)
    if (last === undefined) return null
    return last === 'key' ? (KEYS[words.at(-2) ?? ''] ?? null) : (NOUNS[last] ?? null)
  }

  /** Whether it is said of this very name that it is no secret's. */
  isKept(name: string): boolean {
    return this.#keep.has(folded(name))
  }

  isValue(name: string): boolean {
    return VALUES.has(folded(name))
  }

  /** Of a member within something secret of this kind: whether it only tells about it. What an integration names itself is secret whole. */
  isAbout(name: string, kind: string): boolean {
    if (this.#ownKinds.has(kind)) return false
    const words = wordsOfName(name)
    return words.length > 0 && (ABOUT.has(words[0]!) || ABOUT.has(words.at(-1)!))
  }
}
