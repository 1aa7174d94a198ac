import type { Random } from '../../demo/generator/index.ts'
import { address, COMMANDS, USERS, userId } from './host.ts'

const FIRST = Date.UTC(2026, 4, 1) / 1000
/** The separator before the values that auditd looked up. */
const ENRICHED = '\x1d'

/** One event: a record a line, all with the same time and serial. */
type Records = (random: Random, head: (type: string) => string) => string[]

const hex = (words: string, between: string): string =>
  Buffer.from(words.replaceAll(' ', between)).toString('hex').toUpperCase()

const syscall = (
  random: Random,
  user: string,
  number: number,
  name: string,
  program: string,
  key: string,
): string => {
  const id = userId(user)
  const ids = `auid=${id} uid=${id} gid=${id} euid=${id} suid=${id} fsuid=${id} egid=${id} sgid=${id} fsgid=${id}`
  const names = ['AUID', 'UID', 'GID', 'EUID', 'SUID', 'FSUID', 'EGID', 'SGID', 'FSGID']
    .map((field) => `${field}="${user}"`)
    .join(' ')
  const registers = `a0=${random.hex(12)} a1=${random.hex(12)} a2=${random.hex(12)} a3=${random.hex(3)}`
  return `arch=c000003e syscall=${number} success=yes exit=0 ${registers} items=2 ppid=${random.int(900, 60_000)} pid=${random.int(900, 60_000)} ${ids} tty=pts${random.int(0, 9)} ses=${random.int(1, 900)} comm="${program.slice(program.lastIndexOf('/') + 1)}" exe="${program}" subj=unconfined key="${key}"${ENRICHED}ARCH=x86_64 SYSCALL=${name} ${names}`
}

const path = (random: Random, item: number, name: string, kind: string): string =>
  `item=${item} name="${name}" inode=${random.int(100, 900_000)} dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=${kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0${ENRICHED}OUID="root" OGID="root"`

const programRun: Records = (random, head) => {
  const user = random.pick(USERS)
  const command = random.pick(COMMANDS)
  const [program = ''] = command.split(' ')
  const args = command.split(' ').map((word, i) => `a${i}="${word}"`)
  return [
    head('SYSCALL') + syscall(random, user, 59, 'execve', program, 'commands'),
    `${head('EXECVE')}argc=${args.length} ${args.join(' ')}`,
    `${head('CWD')}cwd="/home/${user}"`,
    head('PATH') + path(random, 0, program, 'NORMAL'),
    head('PATH') + path(random, 1, '/lib64/ld-linux-x86-64.so.2', 'NORMAL'),
    `${head('PROCTITLE')}proctitle=${hex(command, '\0')}`,
  ]
}

const fileWritten: Records = (random, head) => {
  const file = random.pick([
    'passwd',
    'sudoers.d/shop',
    'ssh/sshd_config',
    'cron.d/backup',
    'nginx/nginx.conf',
  ])
  return [
    head('SYSCALL') + syscall(random, random.pick(USERS), 257, 'openat', '/usr/bin/vim.basic', 'identity'),
    `${head('CWD')}cwd="/etc"`,
    head('PATH') + path(random, 0, '/etc', 'PARENT'),
    head('PATH') + path(random, 1, file, random.pick(['NORMAL', 'CREATE'])),
    `${head('PROCTITLE')}proctitle=${hex(`vim ${file}`, '\0')}`,
  ]
}

const signIn: Records = (random, head) => {
  const user = random.pick(['root', ...USERS])
  const from = address(random)
  const isFailed = random.chance(0.4)
  const [type, op] = random.pick([
    ['USER_AUTH', 'PAM:authentication'],
    ['USER_ACCT', 'PAM:accounting'],
    ['CRED_ACQ', 'PAM:setcred'],
    ['USER_START', 'PAM:session_open'],
    ['USER_END', 'PAM:session_close'],
    ['USER_LOGIN', 'login'],
  ] as const)
  return [
    `${head(type)}pid=${random.int(900, 60_000)} uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg='op=${op} grantors=${isFailed ? '?' : 'pam_unix'} acct="${user}" exe="/usr/sbin/sshd" hostname=${from} addr=${from} terminal=ssh res=${isFailed ? 'failed' : 'success'}'${ENRICHED}UID="root" AUID="unset"`,
  ]
}

const sudo: Records = (random, head) => {
  const user = random.pick(USERS)
  const id = userId(user)
  return [
    `${head('USER_CMD')}pid=${random.int(900, 60_000)} uid=${id} auid=${id} ses=${random.int(1, 900)} subj=unconfined msg='cwd="/home/${user}" cmd=${hex(random.pick(COMMANDS), ' ')} exe="/usr/bin/sudo" terminal=pts/${random.int(0, 9)} res=success'${ENRICHED}UID="${user}" AUID="${user}"`,
  ]
}

const service: Records = (random, head) => [
  `${head(random.pick(['SERVICE_START', 'SERVICE_STOP']))}pid=1 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg='unit=${random.pick(['nginx', 'shop', 'apt-daily', 'logrotate'])} comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success'${ENRICHED}UID="root" AUID="unset"`,
]

/** The kinds of events, weighted by their frequency. */
const EVENTS: readonly Records[] = [
  ...new Array<Records>(6).fill(signIn),
  ...new Array<Records>(3).fill(programRun),
  fileWritten,
  sudo,
  service,
]

/** Events of /var/log/audit/audit.log, one or several lines each. */
export function* auditEvents(random: Random): Generator<string, never> {
  let at = FIRST * 1000
  for (let serial = 7000; ; serial++) {
    at += random.int(1, 400)
    const stamp = `${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}:${serial}`
    yield random
      .pick(EVENTS)(random, (type) => `type=${type} msg=audit(${stamp}): `)
      .join('\n')
  }
}
