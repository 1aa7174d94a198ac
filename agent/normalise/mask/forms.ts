import type { Marks } from './marks.ts'
import { looksRandom } from './values.ts'

/** A secret that is recognised by its form, whatever its name. */
export interface Form {
  readonly kind: string
  /** Texts of which each secret contains one: small letters, with `^` before the three that are searched for (see `suspicion.ts`). */
  readonly signs: readonly string[]
  /** Global; if there is a group, it is the secret. */
  readonly pattern: RegExp
  /** Excludes texts that only look like a secret. */
  readonly isOne?: (secret: string) => boolean
  /** The signs are sufficient: a check of the bytes around them would miss parts that are far from them. */
  readonly isFar?: true
}

const token = (kind: string, signs: readonly string[], pattern: RegExp): Form => ({ kind, signs, pattern })

/** The signs of an address, also with escaped slashes. */
const ADDRESS: readonly string[] = ['^://', ':^\\/\\', ':^\\\\/']

/** Forms that contain names, line ends or other assignment signs: they are masked before names are searched for. */
const FIRST: readonly Form[] = [
  {
    kind: 'private_key',
    signs: ['pr^ivate key', 'pr^ivate-lines'],
    isFar: true,
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z0-9 ]{0,32}-----)?|(?:[A-Za-z0-9+/=]{16,}(?:\\+[nr]|[\r\n ])+)*[A-Za-z0-9+/=]+(?:\\+[nr]|[\r\n ])*-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----|(?<=Private-Lines: \d{1,3}(?:\\+[nr]|[\r\n])+)[A-Za-z0-9+/=]+(?:(?:\\+[nr]|[\r\n])+[A-Za-z0-9+/=]+(?!:))*/g,
  },
  {
    kind: 'password',
    signs: ADDRESS,
    pattern:
      /(?<=[a-z][a-z0-9+.-]{1,30}:(?:\\*\/){2}[^\s:@/"'<>]{0,128}:)(?!\d{1,5}(?:[/?#\s"']|$))((?:(?!:\/\/)[^\s"'<>]){1,256}?)@(?=[\w\p{L}.$%{[-])/giu,
  },
  {
    kind: 'token',
    signs: ADDRESS,
    pattern: /(?<=[a-z]:(?:\\*\/){2})([\w-]{20,})@(?=[\w.-])/gi,
    isOne: (user) => looksRandom(user, 20),
  },
  {
    kind: 'password',
    signs: ['^@tcp(', '^@unix('],
    pattern: /(?<=\b[\w.-]{1,64}:)([^\s:"'<>]{1,128})@(?:tcp|unix)\(/gi,
    isFar: true,
  },
]

/** Tokens and keys by their prefixes, and the credentials after the scheme of a header. */
const TOKENS: readonly Form[] = [
  token('jwt', ['^eyj'], /\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){0,3}/g),
  {
    kind: 'authorization',
    signs: ['^bearer'],
    pattern: /\bbearer\s+((?=[^\s,;]*\d|\S{24})[\w.~+/=-]{8,})/gi,
  },
  {
    kind: 'authorization',
    signs: ['ba^sic '],
    pattern: /\bbasic\s+([A-Za-z0-9+/_=-]{6,})/gi,
    isOne: (code) => /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(code, 'base64').toString('latin1')),
  },
  {
    kind: 'authorization',
    signs: ['ne^gotiate ', '^ntlm '],
    pattern: /\b(?:negotiate|ntlm)\s+([A-Za-z0-9+/=]{24,})/gi,
  },
  token(
    'aws_key',
    ['^akia', 'a^sia', '^abia'],
    /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  ),
  token(
    'github_token',
    ['^ghp_', '^gho_', '^ghu_', '^ghs_', '^ghr_', 'gi^thub_pat_'],
    /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})/g,
  ),
  token(
    'gitlab_token',
    ['^glpat-', '^gldt-', '^glrt-', '^glptt-', '^glcbt-', '^glsoat-', '^glft-', '^glimt-', '^glagent-'],
    /(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent)-[\w.-]{16,}/g,
  ),
  token('slack_token', ['^xox', '^xapp-'], /(?<![A-Za-z0-9])(?:xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,})/g),
  token(
    'slack_token',
    ['ho^oks.slack'],
    /(?<=hooks\.slack\.com(?:\\*\/)(?:services|workflows|triggers)(?:\\*\/))[\w/\\-]{20,}/g,
  ),
  token(
    'stripe_key',
    ['s^k_live_', 's^k_test_', 'r^k_live_', 'r^k_test_', '^whsec_'],
    /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})/g,
  ),
  token(
    'google_key',
    ['^aiza', '^gocspx-', '^ya29.', '^1//0'],
    /(?<![A-Za-z0-9])(?:AIza[\w-]{30,}|GOCSPX-[\w-]{20,}|ya29\.[\w.-]{20,}|1\/\/0[\w-]{30,})/g,
  ),
  token('npm_token', ['^npm_'], /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,}/g),
  token('pypi_token', ['^pypi-'], /(?<![A-Za-z0-9])pypi-[\w-]{30,}/g),
  token('rubygems_key', ['ru^bygems_'], /(?<![A-Za-z0-9])rubygems_[\da-f]{40,}/g),
  token('sendgrid_key', ['^sg.'], /(?<![A-Za-z0-9])SG\.[\w-]{16,}\.[\w-]{16,}/g),
  token('mailgun_key', ['^key-'], /(?<![A-Za-z0-9-])key-[\da-f]{32}(?![A-Za-z0-9])/g),
  token(
    'mailchimp_key',
    [...'123456789'].map((digit) => `-^us${digit}`),
    /\b[\da-f]{32}-us\d{1,2}(?!\w)/g,
  ),
  token(
    'twilio_key',
    [...'0123456789abcdef'].map((digit) => `^sk${digit}`),
    /(?<![A-Za-z0-9])SK[\da-f]{32}(?![A-Za-z0-9])/g,
  ),
  token('azure_key', ['s^ig=', 's^ig\\='], /(?<=[?&;\s"]sig=)[\w%+/=-]{20,}/g),
  token('azure_key', ['^8q~'], /(?:(?<![\w~.-]))[\w~.-]{3}8Q~[\w~.-]{31,}/g),
  token('telegram_token', ['^:aa'], /(?<![A-Za-z0-9])\d{6,12}:AA[\w-]{30,}/g),
  {
    kind: 'discord_token',
    signs: ['d^iscord'],
    pattern: /(?<![\w-])[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,}|(?<=\/webhooks\/\d{10,}\/)[\w-]{40,}/g,
    isFar: true,
  },
  token('openai_key', ['^sk-'], /(?<![\w-])sk-[\w-]{20,}/g),
  token('huggingface_token', ['^hf_'], /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{24,}/g),
  token(
    'digitalocean_token',
    ['do^p_v1_', 'do^o_v1_', 'do^r_v1_'],
    /(?<![A-Za-z0-9])do[opr]_v1_[\da-f]{40,}/g,
  ),
  token('vault_token', ['^hvs.', '^hvb.', '^hvr.'], /(?<![A-Za-z0-9])hv[sbr]\.[\w-]{20,}/g),
  token(
    'atlassian_token',
    ['ata^tt3', 'atc^tt3', '^atbb'],
    /(?<![A-Za-z0-9])(?:AT[AC]TT3[\w=-]{20,}|ATBB[A-Za-z0-9]{24,})/g,
  ),
  token(
    'shopify_token',
    ['^shpat_', '^shpca_', '^shppa_', '^shpss_'],
    /(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[\da-fA-F]{24,}/g,
  ),
  token('age_key', ['age-s^ecret-key-'], /AGE-SECRET-KEY-1[A-Z0-9]{20,}/gi),
  token('databricks_token', ['^dapi'], /(?<![A-Za-z0-9])dapi[\da-f]{32}(?:-\d)?/g),
  token('terraform_token', ['at^lasv1.'], /(?<![A-Za-z0-9])[A-Za-z0-9]{10,}\.atlasv1\.[\w-]{30,}/g),
  token('pulumi_token', ['^pul-'], /(?<![A-Za-z0-9])pul-[\da-f]{40}/g),
  token('linear_key', ['li^n_api_'], /(?<![A-Za-z0-9])lin_api_[A-Za-z0-9]{30,}/g),
  token('notion_token', ['^ntn_'], /(?<![A-Za-z0-9])ntn_[A-Za-z0-9]{30,}/g),
  token('postman_key', ['^pmak-'], /(?<![A-Za-z0-9])PMAK-[\w-]{30,}/g),
  token('newrelic_key', ['^nrak-'], /(?<![A-Za-z0-9])NRAK-[A-Z0-9]{20,}/g),
  token('grafana_token', ['^glsa_', '^glc_'], /(?<![A-Za-z0-9])(?:glsa|glc)_[\w+/=]{30,}/g),
  token('sentry_token', ['^sntrys_', '^sntryu_'], /(?<![A-Za-z0-9])sntry[su]_[\w+/=]{30,}/g),
  token('doppler_token', ['^dp.pt.', '^dp.st.'], /(?<![A-Za-z0-9])dp\.[ps]t\.[\w.-]{30,}/g),
  token('figma_token', ['^figd_'], /(?<![A-Za-z0-9])figd_[\w-]{30,}/g),
  token('square_token', ['^sq0'], /(?<![A-Za-z0-9])sq0[a-z]{3}-[\w-]{20,}/g),
  token('docker_token', ['^dckr_pat_'], /(?<![A-Za-z0-9])dckr_pat_[\w-]{20,}/g),
  token('groq_key', ['^gsk_'], /(?<![A-Za-z0-9])gsk_[A-Za-z0-9]{40,}/g),
  token('heroku_key', ['^hrku-'], /(?<![A-Za-z0-9])HRKU-[\w-]{30,}/g),
  token('tailscale_key', ['^tskey-'], /(?<![A-Za-z0-9])tskey-[\w-]{20,}/g),
  token('planetscale_token', ['^pscale_'], /(?<![A-Za-z0-9])pscale_\w{2,6}_[\w.-]{30,}/g),
  token('supabase_token', ['^sbp_'], /(?<![A-Za-z0-9])sbp_[\da-f]{40}/g),
  token('private_key', ['^ls0tls1'], /LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)[A-Za-z0-9+/=]{20,}/g),
  token(
    'private_key',
    ['b3^blbnn'],
    /b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{4,}(?:(?:\\+[nr]|[\r\n])+[A-Za-z0-9+/=]+)*/g,
  ),
  {
    kind: 'password',
    signs: ['iden^tified '],
    isFar: true,
    pattern:
      /\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?(?<quote>\\*['"`])((?:(?!\k<quote>).)+)|(?<=\buser\s+\S{1,64}\s+)identified\s+by\s+([^\s;"'`\\]+)/gi,
  },
]

export const FORMS: readonly Form[] = [...FIRST, ...TOKENS]

const signedFirst = signed(FIRST)
const signedTokens = signed(TOKENS)
export const maskFirst = (text: string, marks: Marks): string => maskForms(text, signedFirst, marks)
export const maskTokens = (text: string, marks: Marks): string => maskForms(text, signedTokens, marks)

interface Signed {
  readonly form: Form
  readonly words: readonly string[]
}

/** Forms with the words of their signs, and a pattern that shows whether a text contains any of these, which few texts do. */
function signed(forms: readonly Form[]): { readonly all: readonly Signed[]; readonly any: RegExp } {
  const all = forms.map((form) => ({ form, words: form.signs.map((sign) => sign.replace('^', '')) }))
  return { all, any: new RegExp(all.flatMap(({ words }) => words.map(RegExp.escape)).join('|')) }
}

function maskForms(text: string, { all, any }: ReturnType<typeof signed>, marks: Marks): string {
  let masked = text
  const small = text.toLowerCase()
  if (!any.test(small)) return text
  for (const { form, words } of all) {
    const { kind, pattern, isOne } = form
    if (!words.some((word) => small.includes(word))) continue
    masked = masked.replace(pattern, (whole: string, ...rest: unknown[]) => {
      const groups = rest.slice(
        0,
        rest.findIndex((one) => typeof one === 'number'),
      )
      const secret = groups.filter((one) => typeof one === 'string' && !/^\\*['"`]$/.test(one)).at(-1)
      const found = typeof secret === 'string' ? secret : whole
      if (found.startsWith('[masked:') || isOne?.(found) === false) return whole
      const at = whole.lastIndexOf(found)
      return whole.slice(0, at) + marks.of(kind, found) + whole.slice(at + found.length)
    })
  }
  return masked
}

const SHORT_OF_SIGN = 64
const BEHIND_SIGN = 300

/** Whether one of these forms surrounds a sign, as far as bytes can show it: the form may contain escapes. */
export function standsAround(form: Form, bytes: Buffer, sign: number, from: number, to: number): boolean {
  if (form.isFar === true) return true
  if (form.signs === ADDRESS && !hasAt(bytes, sign, to)) return false
  const begin = Math.max(from, sign - SHORT_OF_SIGN)
  const text = bytes
    .toString('latin1', begin, Math.min(to, sign + BEHIND_SIGN))
    .replace(/\\+([/=])/g, '$1')
    .replace(/\\+[nrtbf]/g, ' ')
  form.pattern.lastIndex = 0
  return form.pattern.test(text)
}

const AT = 0x40
const QUOTE = 0x22
const BLANK = 0x20

/** Most addresses contain no `@`. */
function hasAt(bytes: Uint8Array, sign: number, to: number): boolean {
  for (let at = sign; at < to && bytes[at]! > BLANK && bytes[at] !== QUOTE; at++)
    if (bytes[at] === AT) return true
  return false
}
