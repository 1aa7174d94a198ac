import { folded, type Integration, type MaskNames } from '../integration/integration.ts'
import { wordsOfName } from '../integration/lookups.ts'
import { type Act, actIn } from './acts.ts'
import { isDirection, isFieldName, isLoneName, isValueName } from './value-names.ts'
import { SEGMENT, WORD, wordsOf } from './words.ts'

/**
 * The endings of a secret's name, and the kind that its mask shows. Each ending is so long that hardly any other word ends like it: the
 * text before it in the same word is a prefix (`smtppassword`). Letters with marks are plain here.
 */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  password: [
    ...['password', 'passwords', 'passwd', 'passwrd', 'passphrase', 'passcode', 'pwd', 'pswd'],
    ...[
      'passwort',
      'passworts',
      'passwortes',
      'passworter',
      'kennwort',
      'kennworts',
      'kennwortes',
      'wachtwoord',
      'passord',
      'losenord',
      'adgangskode',
      'salasana',
    ],
    ...[
      'contrasena',
      'contrasenas',
      'contrasenya',
      'senha',
      'senhas',
      'haslo',
      'hasla',
      'heslo',
      'jelszo',
      'geslo',
      'lozinka',
    ],
    ...[
      'sifre',
      'sifresi',
      'parola',
      'parool',
      'slaptazodis',
      'motdepasse',
      'palavrapasse',
      'katasandi',
      'matkhau',
    ],
    ...[
      'пароль',
      'пароля',
      'парола',
      '密码',
      '密碼',
      '口令',
      'パスワード',
      '비밀번호',
      'סיסמה',
      'סיסמא',
      'كلمةالمرور',
    ],
  ],
  secret: [
    ...['secret', 'secrets', 'seedphrase', 'recoveryphrase', 'mnemonic'],
    ...[
      'secretkey',
      'accesskey',
      'accountkey',
      'sharedkey',
      'signingkey',
      'encryptionkey',
      'decryptionkey',
      'masterkey',
    ],
    ...[
      'presharedkey',
      'subscriptionkey',
      'storagekey',
      'recoverykey',
      'authkey',
      'applicationkey',
      'rolekey',
    ],
    ...['functionskey', 'hmackey'],
  ],
  token: ['token', 'accesstokens', 'refreshtokens', 'authtokens', 'apitokens'],
  cookie: ['cookie', 'cookies'],
  credential: ['credential', 'credentials'],
  authorization: ['authorization', 'authorisation'],
  api_key: ['apikey', 'appkey'],
  private_key: ['privatekey'],
  session: ['jsessionid', 'phpsessid', 'connectsid', 'aspnetsessionid'],
  signature: ['amzsignature', 'googsignature'],
}
/** Names that other words end with, so that only the whole word counts. */
const WHOLE: Readonly<Record<string, string>> = {
  pass: 'pass',
  pw: 'password',
  psw: 'password',
  mdp: 'password',
  pin: 'pin',
  puk: 'pin',
  pincode: 'pin',
  otp: 'otp',
  totp: 'otp',
  hotp: 'otp',
  otpcode: 'otp',
  mfacode: 'otp',
  psk: 'secret',
  tok: 'token',
  toks: 'token',
  tkn: 'token',
  creds: 'credential',
  cvv: 'cvv',
  cvc: 'cvc',
}
/** Programs that change passwords: `chpasswd[2312]:`. */
const PROGRAMS = /^(?:ch|g|smb|ht|vnc|ldap|yp|k|lp|np|m|rp)passwd$/
/** The prefixes of `pass` in one word. */
const BEFORE_PASS =
  /^(?:smtp|imap|pop|mail|email|ldap|bind|ftp|sftp|ssh|db|sql|mysql|pg|postgres|mongo|redis|rabbit|mq|user|usr|admin|root|sudo|my|login|auth|http|proxy|vpn|wifi|key|store|src|dest|rpc|web|server|host|old|new|cert|client|sys|app)+pass$/
/** The limit of parts that form one word: `pass_word`, `mot de passe`; they are compared when joined. */
const LONGEST_RUN = 4
/** The words before `code` that make it a one-time code. */
const CODES = new Set(['otp', 'mfa', '2fa', 'fa', 'totp', 'pin', 'recovery', 'verification'])

/** Words that may follow a secret's name: `password_hash`, `new_password_confirmation`, `client_secret_v2`. */
const BEHIND = new Set([
  ...[
    'hash',
    'hashed',
    'digest',
    'salt',
    'value',
    'plain',
    'plaintext',
    'cleartext',
    'clear',
    'encrypted',
    'enc',
  ],
  ...[
    'old',
    'new',
    'current',
    'previous',
    'prev',
    'confirm',
    'confirmation',
    'repeat',
    'again',
    'retype',
    'base',
    'b',
  ],
  ...[
    'v',
    'prod',
    'production',
    'staging',
    'test',
    'dev',
    'live',
    'sandbox',
    'temp',
    'tmp',
    'primary',
    'secondary',
  ],
  ...['main', 'backup', 'default', 'raw', 'str', 'string', 'txt', 'hex', 'env'],
])
const GLUED_BEHIND = /(?<=.{5})(?:hash|hashed|salt|confirm|confirmation|value|enc|v|old|new)$/

/** Members that name the field of the values beside them: `{field: "Password", old: "x", new: "y"}`. */
const NAMERS = new Set([
  ...['field', 'fieldname', 'attribute', 'attributename', 'property', 'propertyname', 'column', 'columnname'],
  ...[
    'setting',
    'settingname',
    'parameter',
    'parametername',
    'param',
    'key',
    'name',
    'path',
    'variable',
    'option',
  ],
  ...[
    'fieldcaption',
    'columncaption',
    'caption',
    'fieldlabel',
    'label',
    'changedfield',
    'configkey',
    'header',
    'feld',
  ],
  ...['campo', 'champ', 'поле', 'modifiedproperty', 'displayname', 'element', 'elementname'],
])
/** The last words of members that may name the subject of a record by just a secret's name. */
const TOPICS = new Set([
  ...[
    'type',
    'kind',
    'event',
    'action',
    'category',
    'object',
    'entity',
    'item',
    'target',
    'resource',
    'subject',
    'what',
  ],
  ...[
    'operation',
    'activity',
    'typ',
    'art',
    'ereignis',
    'aktion',
    'vorgang',
    'objekt',
    'objet',
    'tipo',
    'objeto',
  ],
  ...[
    'oggetto',
    'azione',
    'accion',
    'acao',
    'soort',
    'actie',
    'rodzaj',
    'akcja',
    'obiekt',
    'тип',
    'вид',
    'действие',
  ],
  ...['объект', 'событие', 'подія', 'дія', 'объекта', 'objekttyp', 'ereignistyp'],
])
/** Words in the names of members that contain the content of a record. */
const CONTAINERS = new Set(
  (
    'change changes changed diff diffs delta deltas modification modifications detail details data payload context meta metadata body params ' +
    'parameters event events record records item items entry entries object extra info information values fields properties attributes audit log ' +
    'message request response content update updates result list änderung änderungen daten einzelheiten cambio cambios datos modifiche ' +
    'modificaties wijzigingen zmiany alterações dados dane изменения изменение детали данные зміни дані'
  )
    .split(' ')
    .flatMap((word) => wordsOf(word, WORD)),
)
const MOST_KNOWN = 4096
const LONGEST_ACT = 200
/** Members that describe a secret without being one: `{"token": {"id": 5, "expires_at": ...}}`. */
const ABOUT = new Set([
  ...[
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
  ],
  ...['scopes', 'last', 'owner', 'status', 'version', 'algorithm', 'at', 'by', 'create', 'date', 'expire'],
])

/** A part of every secret's name. Most names, such as `11713 pid`, have none of these parts, so that this check is sufficient. */
const PERHAPS =
  /pass|pwd|psw|secret|tok|tkn|phrase|mnemonic|cookie|cred|authori|key|pin|otp|puk|mfa|2fa|code|contras|cvv|cvc|psk|pw|mdp|sess|sid|signature|wort|woord|nord|kode|sana|senha|hasl[oa]|heslo|jelsz|geslo|lozink|sifre|parol|slapta|sandi|khau|[^\x00-\x7f]/iu

/** The names whose values are secret, and the members that describe the values beside them. */
export class SecretNames {
  readonly #own: ReadonlyMap<string, string>
  readonly #ownKinds: ReadonlySet<string>
  readonly #keep: ReadonlySet<string>
  readonly #namers: ReadonlySet<string>
  readonly #values: ReadonlySet<string>
  readonly #fields: ReadonlySet<string>
  readonly #lists: ReadonlySet<string>
  readonly #known = new Map<string, string | null>()
  readonly #acts = new Map<string, Act | null>()
  readonly #containers = new Map<string, boolean>()

  /** An integration also names the members of its records that hold a field's name and its values. */
  constructor(mask: MaskNames, changes: NamedChanges | null = null) {
    this.#own = new Map(mask.names.map((name) => [folded(name), wordsOfName(name).join('_') || 'secret']))
    this.#ownKinds = new Set(this.#own.values())
    this.#keep = new Set(mask.keep.map(folded))
    this.#namers = new Set([...(changes?.item.field ?? []), ...(changes?.field ?? [])].map(folded))
    this.#fields = new Set((changes?.field ?? []).map(folded))
    this.#lists = new Set((changes?.list ?? []).map(folded))
    const { before = [], after = [], item = NO_ITEM } = changes ?? {}
    this.#values = new Set([...item.old, ...item.new, ...before, ...after].map(folded))
  }

  /** The kind of secret that a name denotes; null for other names. */
  kindOf(name: string): string | null {
    if (name.length > 128) return null
    let kind = this.#known.get(name)
    if (kind === undefined) {
      if (this.#own.size === 0 && !PERHAPS.test(name)) return null
      kind = this.#work(name)
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(name, kind)
    }
    return kind
  }

  #work(name: string): string | null {
    const fold = folded(name)
    if (this.#keep.has(fold)) return null
    return this.#own.get(fold) ?? kindByWords(wordsOf(name, WORD)) ?? kindByWords(wordsOf(name, SEGMENT))
  }

  /** Whether this exact name is listed as not secret. */
  isKept(name: string): boolean {
    return this.#keep.has(folded(name))
  }

  /** Whether members of this name hold the name of the field of the values beside them. */
  isNamer(name: string): boolean {
    const fold = folded(name)
    return NAMERS.has(fold) || this.#namers.has(fold)
  }

  /** Whether members of this name hold values of the field that another member names. */
  isValue(name: string): boolean {
    return this.#values.has(folded(name)) || isValueName(name)
  }

  /** Whether a member of this name may be the value of a change without a field's name: a `direction` is one only beside another value. */
  loneness(name: string): 'value' | 'direction' | null {
    if (isDirection(name)) return 'direction'
    return this.#values.has(folded(name)) || isLoneName(name) ? 'value' : null
  }

  /** Whether a member of this name names the field of the values beside it; in an item of a list it may just be `name`. */
  isFieldName(name: string, isItem: boolean): boolean {
    const fold = folded(name)
    return isFieldName(name) || this.#fields.has(fold) || (isItem && this.isNamer(name))
  }

  /** Whether the content of a member of this name is still about the record, as its changes are, and not about a part with this name. */
  isContainer(name: string): boolean {
    let is = this.#containers.get(name)
    if (is === undefined) {
      is =
        this.loneness(name) !== null ||
        this.#lists.has(folded(name)) ||
        wordsOf(name, WORD).every((word) => CONTAINERS.has(word)) ||
        this.kindOfChange(name, name) !== null
      if (this.#containers.size >= MOST_KNOWN) this.#containers.clear()
      this.#containers.set(name, is)
    }
    return is
  }

  /** The kind of the changed secret that a member of this name states: `"action": "Password changed"`, `"type": "password"`. */
  kindOfChange(name: string, text: string): string | null {
    if (text.length < 2 || text.length > LONGEST_ACT) return null
    let act = this.#acts.get(text)
    if (act === undefined) {
      // Most texts are no names of secrets, and do not repeat.
      if (this.#own.size === 0 && !PERHAPS.test(text)) return null
      act = actIn(text, (words) => this.#kindOfWords(words))
      if (this.#acts.size >= MOST_KNOWN) this.#acts.clear()
      this.#acts.set(text, act)
    }
    if (act === null || this.loneness(name) !== null) return null
    return act.isBare && !TOPICS.has(wordsOf(name, WORD).at(-1) ?? '') ? null : act.kind
  }

  #kindOfWords(words: readonly string[]): string | null {
    for (let from = 0; from < words.length; from++) {
      const run = words.slice(from).join('')
      if (this.#keep.has(run)) return null
      const own = this.#own.get(run)
      if (own !== undefined) return own
    }
    return kindByWords(words)
  }

  /** Whether a member inside a secret of this kind only describes it. What an integration itself names is secret as a whole. */
  isAbout(name: string, kind: string): boolean {
    if (this.#ownKinds.has(kind)) return false
    const words = wordsOfName(name)
    return words.length > 0 && (ABOUT.has(words[0]!) || ABOUT.has(words.at(-1)!))
  }
}

type NamedChanges = Pick<Integration['changes'], 'list' | 'item' | 'field' | 'before' | 'after'>
const NO_ITEM: NamedChanges['item'] = { field: [], old: [], new: [] }

const BY_ENDING: readonly (readonly [ending: string, kind: string])[] = Object.entries(ENDINGS).flatMap(
  ([kind, endings]) => endings.map((ending) => [ending, kind] as const),
)
const endingOf = (word: string): string | null =>
  BY_ENDING.find(([ending]) => word.endsWith(ending))?.[1] ?? null
const wholeOf = (word: string): string | null => (Object.hasOwn(WHOLE, word) ? WHOLE[word]! : null)

function kindByWords(all: readonly string[]): string | null {
  const words = all.filter((word) => !/^\d+$/.test(word)).map((word) => word.replace(/\d+$/, ''))
  while (words.length > 1 && BEHIND.has(words.at(-1)!)) words.pop()
  const written = words.at(-1)
  if (written === undefined) return null
  if (PROGRAMS.test(written)) return null
  const last = endingOf(written) === null ? written.replace(GLUED_BEHIND, '') : written
  const kind = endingOf(last) ?? wholeOf(last)
  if (kind !== null) return kind
  if (BEFORE_PASS.test(last)) return 'password'
  if (last === 'code' && CODES.has(words.at(-2) ?? '')) return 'otp'
  for (let run = 2; run <= Math.min(LONGEST_RUN, words.length); run++) {
    const joined = words.slice(-run).join('')
    const kind = BY_ENDING.find(([ending]) => ending === joined)?.[1]
    if (kind !== undefined) return kind
  }
  return null
}

/** The id of a cloud key identifies who acted (`accessKeyId: AKIA...`). */
export const isKeyId = (name: string, value: string): boolean =>
  name === 'accessKeyId' && /^A[A-Z]{3}[A-Z0-9]{16}$/.test(value)
