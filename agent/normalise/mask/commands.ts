/** An argument of a command and its place. */
export interface Argument {
  readonly text: string
  readonly from: number
}

export interface Found {
  readonly from: number
  readonly to: number
}

/** How a program takes its secrets: in the argument after an option, in the same argument, or after a user's name. */
interface Program {
  readonly behind?: readonly string[]
  readonly within?: readonly string[]
  /** `user:secret`, with the separator. */
  readonly user?: { readonly options: readonly string[]; readonly sign: string }
  /** Applies only if one of these words is among the arguments. */
  readonly only?: readonly string[]
  /** The secret is the last argument, after one of these words. */
  readonly last?: readonly string[]
}

const mysql: Program = { within: ['-p'] }
const mongo: Program = { behind: ['-p'], within: ['-p'] }
const ldap: Program = { behind: ['-w', '-s'], within: ['-w'] }
const windowsShares: Program = { user: { options: ['-U'], sign: '%' }, behind: [] }
const archive: Program = { within: ['-p', '-hp'] }
const registry: Program = {
  behind: ['-p'],
  only: ['login'],
  user: { options: ['--creds', '--src-creds', '--dest-creds'], sign: ':' },
}
const sqlServer: Program = { behind: ['-P'], within: ['-P'] }
const publisher: Program = { behind: ['-P', '--pw'] }

const PROGRAMS: Readonly<Record<string, Program>> = {
  ...{ mysql, mysqldump: mysql, mysqladmin: mysql, mysqlimport: mysql, mysqlcheck: mysql, mysqlslap: mysql },
  ...{ mariadb: mysql, 'mariadb-dump': mysql, 'mariadb-admin': mysql, xtrabackup: mysql, mariabackup: mysql },
  ...{ mongo, mongosh: mongo, mongodump: mongo, mongorestore: mongo, mongoexport: mongo, mongoimport: mongo },
  ...{ sshpass: { behind: ['-p'], within: ['-p'] }, 'redis-cli': { behind: ['-a', '--pass'] } },
  ...{
    ldapsearch: ldap,
    ldapmodify: ldap,
    ldapadd: ldap,
    ldapdelete: ldap,
    ldappasswd: ldap,
    ldapwhoami: ldap,
  },
  ...{
    smbclient: windowsShares,
    rpcclient: windowsShares,
    net: { ...windowsShares, last: ['user'] },
    winexe: windowsShares,
  },
  ...{
    '7z': archive,
    '7za': archive,
    '7zr': archive,
    rar: archive,
    unrar: archive,
    zip: { behind: ['-P'] },
    unzip: { behind: ['-P'] },
  },
  ...{
    docker: registry,
    podman: registry,
    buildah: registry,
    helm: registry,
    oras: registry,
    skopeo: registry,
    az: registry,
  },
  ...{ nerdctl: registry, oc: registry, cf: registry, twine: { behind: ['-p'] }, psexec: { behind: ['-p'] } },
  ...{ sqlcmd: sqlServer, bcp: sqlServer, tsql: sqlServer, osql: sqlServer, isql: sqlServer },
  ...{
    mosquitto_pub: publisher,
    mosquitto_sub: publisher,
    ipmitool: { behind: ['-P'] },
    plink: { behind: ['-pw'] },
    pscp: { behind: ['-pw'] },
  },
  ...{ 'ssh-keygen': { behind: ['-N', '-P'] }, useradd: { behind: ['-p'] }, usermod: { behind: ['-p'] } },
  ...{ htpasswd: { last: ['-b', '-bc', '-cb', '-nb', '-bn', '-nbB', '-bB', '-Bb', '-nbm'] } },
  ...{
    rabbitmqctl: { last: ['add_user', 'change_password'] },
    smbmap: { behind: ['-p'] },
    schtasks: { behind: ['/rp', '/RP'] },
  },
  ...{
    curl: {
      user: { options: ['-u', '--user', '-U', '--proxy-user'], sign: ':' },
      behind: ['--oauth2-bearer'],
    },
  },
  ...{
    http: { user: { options: ['-a', '--auth'], sign: ':' } },
    lftp: { user: { options: ['-u'], sign: ',' } },
  },
  ...{
    xfreerdp: { within: ['/p:'] },
    openssl: { within: ['pass:'], behind: ['-k', '-K'] },
    nmcli: { behind: ['password'] },
  },
  ...{
    wpa_passphrase: { last: [''] },
    vault: { last: ['login'] },
    sqlplus: { user: { options: [''], sign: '/' } },
  },
}
/** The signs of options whose values may be secrets. */
export const OPTION_SIGNS: readonly string[] = [
  ...[' ', '"', "'", '\n', '\0'].flatMap((before) =>
    ['p', 'u', 'w', 'a', 'h', 's'].map((letter) => `^${before}-${letter}`),
  ),
  ...['^--user ', '^--user=', '^--user"', '^--auth', '^--proxy-user', '^--oauth2-b', '^-creds'],
]
/** The names of programs that take secrets in other forms, and the other half of `echo X | sudo -S`. */
export const PROGRAM_SIGNS: readonly string[] = [
  ...[
    '^rabbitmqctl',
    's^qlplus',
    'w^pa_pass',
    '^net user',
    '^vault login',
    'sc^htasks',
    'fr^eerdp',
    'ss^h-keygen',
  ],
  ...['ope^nssl'],
]
/** The program that must precede the sign of an option. */
export const PROGRAM = new RegExp(
  `(?:^|[^\\w-])(?:${Object.keys(PROGRAMS)
    .map((name) => name.replace(/[-]/g, '\\-'))
    .join('|')})(?:\\.exe|\\d)?(?![\\w-])`,
  'i',
)

/** Finds the secrets in the arguments of a command. */
export function secretsOfCommand(args: readonly Argument[]): Found[] {
  const found: Found[] = []
  let program: Program | null = null
  let begin = 0
  args.forEach((arg, i) => {
    const known = programNamed(arg.text)
    if (known !== null && !arg.text.startsWith('-') && (program === null || i === begin + 1)) {
      program = known
      begin = i
      return
    }
    if (/^(?:\||\|\||&&|;)$/.test(arg.text)) {
      program = null
      return
    }
    if (program !== null) take(program, args.slice(begin, endOfCommand(args, i)), i - begin, found)
  })
  return found
}

const endOfCommand = (args: readonly Argument[], from: number): number => {
  const at = args.findIndex(({ text }, i) => i >= from && /^(?:\||\|\||&&|;)$/.test(text))
  return at === -1 ? args.length : at
}

function programNamed(text: string): Program | null {
  const name = text
    .slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .toLowerCase()
  return Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name]! : null
}

function take(program: Program, args: readonly Argument[], at: number, found: Found[]): void {
  const { text, from } = args[at]!
  if (text === '' || text.startsWith('[masked:')) return
  const { behind = [], within = [], user, only, last } = program
  const previous = args[at - 1]?.text ?? ''
  const add = (begin: number, to = text.length): void => {
    const value = text.slice(begin, to)
    if (value !== '' && !value.startsWith('[masked:') && !/^[$<>|]/.test(value))
      found.push({ from: from + begin, to: from + to })
  }
  const applies = only === undefined || args.some((arg) => only.includes(arg.text))
  if (applies && behind.includes(previous) && !text.startsWith('-')) {
    add(0)
    return
  }
  if (user !== undefined) {
    const option = user.options.find((one) => one === previous && (one !== '' || at === 1))
    const glued = user.options.find((one) => one !== '' && text.startsWith(one) && text.length > one.length)
    const start =
      option !== undefined
        ? 0
        : glued !== undefined
          ? glued.length
          : user.options.includes('') && at > 0
            ? 0
            : -1
    const sign = start === -1 ? -1 : text.indexOf(user.sign, start)
    if (sign > start && !(user.sign === '/' && (text.startsWith('/') || !/^[\w$#]+\/[^/]/.test(text)))) {
      const server = user.sign === '/' ? text.lastIndexOf('@') : -1
      add(sign + 1, server > sign ? server : text.length)
      return
    }
  }
  const glued = within.find((one) => text.startsWith(one) && text.length > one.length)
  if (applies && glued !== undefined && !text.startsWith('--')) {
    add(glued.length)
    return
  }
  const final = args.findLastIndex((arg) => !arg.text.startsWith('/'))
  if (last !== undefined && at === final && at > 1) {
    const isThere = args.slice(1, at).some((arg) => last.includes(arg.text)) || last.includes('')
    // `net user bob` only queries.
    const isAsked = last.includes('user') && at < 3
    if (isThere && !isAsked && !text.startsWith('-')) add(0)
  }
}

/** Words, quoted texts and the signs between commands. */
const WORDS =
  /\\*(["'])((?:\\.|(?!\1).)*?)\\*\1(?=[\s\0]|$)|(?:[^\s\0"';|&]|["'](?=\S)|&(?!&))+|\|\||&&|[;|]/gs

export function argumentsIn(text: string): Argument[] {
  return Array.from(text.matchAll(WORDS), (found): Argument => {
    const inner = found[2]
    return inner === undefined
      ? { text: found[0], from: found.index }
      : { text: inner, from: found.index + found[0].indexOf(inner, 1) }
  })
}

/** `echo X | sudo -S`, `echo bob:X | chpasswd`. */
export const PIPED =
  /\becho\s+(?:-\w+\s+)?(?<quote>\\*['"]?)(?:[\w.-]+:(?=[^\n|]*\|\s*(?:sudo\s+)?chpasswd))?(?<secret>(?:(?!\k<quote>\s*\|)[^\n|])+?)\k<quote>\s*\|\s*(?:sudo\s+)?(?:chpasswd|passwd\s+--stdin|sudo\s+(?:-\w+\s+)*-S)/gi
