import type { Random } from '../../demo/generator/index.ts'

/** A message of a program of a Linux host: the same for syslog and the journal. */
export interface Said {
  readonly at: number
  readonly host: string
  readonly program: string
  readonly pid: number
  readonly uid: number
  readonly message: string
}

export const USERS = ['jane', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'deploy', 'backup', 'ansible']
export const HOSTS = ['web-1', 'web-2', 'db-1', 'mail-1', 'build-3']
const GUESSED = [
  'admin',
  'oracle',
  'test',
  'ubuntu',
  'postgres',
  'git',
  'user1',
  'pi',
  'ftpuser',
  'minecraft',
]
export const COMMANDS = [
  '/usr/bin/apt update',
  '/bin/systemctl restart nginx',
  '/usr/bin/journalctl -u shop.service --since today',
  '/usr/bin/tail -f /var/log/nginx/error.log',
  '/usr/bin/vim /etc/nginx/sites-enabled/shop.conf',
  '/usr/bin/docker compose up -d',
  '/usr/bin/cat /etc/shadow',
  '/usr/sbin/ufw allow 8443/tcp',
]
const JOBS = [
  '/usr/local/bin/backup --quiet',
  'cd / && run-parts --report /etc/cron.hourly',
  'php /srv/shop/cron.php',
]

export const userId = (user: string): number => (user === 'root' ? 0 : 1000 + USERS.indexOf(user))

export const address = (random: Random): string =>
  random.chance(0.1)
    ? `2001:db8:${random.hex(3)}::${random.hex(2)}`
    : `${random.pick(['203.0.113', '198.51.100', '10.0.3', '192.168.7'])}.${random.int(1, 254)}`

/** Base64 of a key's digest, as OpenSSH writes it. */
const fingerprint = (random: Random): string =>
  `SHA256:${Buffer.from(random.hex(64), 'hex').toString('base64').slice(0, 43)}`

type Scene = readonly (readonly [program: string, pid: number, message: string])[]

function signIn(random: Random): Scene {
  const user = random.pick(USERS)
  const from = `${address(random)} port ${random.int(30_000, 65_000)}`
  const pid = random.int(1000, 60_000)
  const session = random.int(1, 9000)
  const proof = random.chance(0.7)
    ? `publickey for ${user} from ${from} ssh2: ED25519 ${fingerprint(random)}`
    : `password for ${user} from ${from} ssh2`
  return [
    ['sshd', pid, `Accepted ${proof}`],
    [
      'sshd',
      pid,
      `pam_unix(sshd:session): session opened for user ${user}(uid=${userId(user)}) by ${user}(uid=0)`,
    ],
    ['systemd-logind', 644, `New session ${session} of user ${user}.`],
    ['sshd', pid, `Received disconnect from ${from}:11: disconnected by user`],
    ['sshd', pid, `Disconnected from user ${user} ${from}`],
    ['sshd', pid, `pam_unix(sshd:session): session closed for user ${user}`],
    ['systemd-logind', 644, `Session ${session} logged out. Waiting for processes to exit.`],
    ['systemd-logind', 644, `Removed session ${session}.`],
  ]
}

function guessing(random: Random): Scene {
  const name = random.pick(GUESSED)
  const host = address(random)
  const from = `${host} port ${random.int(30_000, 65_000)}`
  const pid = random.int(1000, 60_000)
  return [
    ['sshd', pid, `Invalid user ${name} from ${from}`],
    ['sshd', pid, 'pam_unix(sshd:auth): check pass; user unknown'],
    [
      'sshd',
      pid,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${host} `,
    ],
    ['sshd', pid, `Failed password for invalid user ${name} from ${from} ssh2`],
    ['sshd', pid, `Connection closed by invalid user ${name} ${from} [preauth]`],
  ]
}

function mistyped(random: Random): Scene {
  const user = random.pick(['root', ...USERS])
  const host = address(random)
  const from = `${host} port ${random.int(30_000, 65_000)}`
  const pid = random.int(1000, 60_000)
  return [
    [
      'sshd',
      pid,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${host}  user=${user}`,
    ],
    ['sshd', pid, `Failed password for ${user} from ${from} ssh2`],
    ['sshd', pid, `Connection reset by authenticating user ${user} ${from} [preauth]`],
  ]
}

function asRoot(random: Random): Scene {
  const user = random.pick(USERS)
  const pid = random.int(1000, 60_000)
  const tty = `pts/${random.int(0, 9)}`
  return [
    [
      'sudo',
      pid,
      `${user.padStart(8)} : TTY=${tty} ; PWD=/home/${user} ; USER=root ; COMMAND=${random.pick(COMMANDS)}`,
    ],
    [
      'sudo',
      pid,
      `pam_unix(sudo:session): session opened for user root(uid=0) by ${user}(uid=${userId(user)})`,
    ],
    ['sudo', pid, 'pam_unix(sudo:session): session closed for user root'],
  ]
}

function refused(random: Random): Scene {
  const user = random.pick(USERS)
  const tail = `TTY=pts/${random.int(0, 9)} ; PWD=/home/${user} ; USER=root ; COMMAND=${random.pick(COMMANDS)}`
  const reason = random.chance(0.5) ? 'user NOT in sudoers' : '3 incorrect password attempts'
  return [['sudo', random.int(1000, 60_000), `${user.padStart(8)} : ${reason} ; ${tail}`]]
}

function job(random: Random): Scene {
  const user = random.pick(['root', 'backup', 'deploy'])
  const pid = random.int(1000, 60_000)
  return [
    ['CRON', pid, `pam_unix(cron:session): session opened for user ${user}(uid=${userId(user)}) by (uid=0)`],
    ['CRON', pid, `(${user}) CMD (${random.pick(JOBS)})`],
    ['CRON', pid, `pam_unix(cron:session): session closed for user ${user}`],
  ]
}

function administration(random: Random): Scene {
  const target = `user${random.int(100, 999)}`
  const id = random.int(1100, 1999)
  const pid = random.int(1000, 60_000)
  return [
    ['groupadd', pid, `new group: name=${target}, GID=${id}`],
    [
      'useradd',
      pid,
      `new user: name=${target}, UID=${id}, GID=${id}, home=/home/${target}, shell=/bin/bash, from=/dev/pts/1`,
    ],
    ['usermod', pid, `add '${target}' to group 'docker'`],
    ['passwd', pid, `pam_unix(passwd:chauthtok): password changed for ${target}`],
  ]
}

/** The scenes, weighted by their frequency; most attacks on a host on the open net guess passwords. */
const SCENES: readonly (readonly [often: number, scene: (random: Random) => Scene])[] = [
  [30, guessing],
  [15, mistyped],
  [20, signIn],
  [20, asRoot],
  [2, refused],
  [25, job],
  [1, administration],
]

const FIRST = Date.UTC(2026, 4, 1)

/** The messages of the hosts' programs, one after the other, without end. */
export function* hostMessages(random: Random): Generator<Said, never> {
  const all = SCENES.flatMap(([often, scene]) => new Array<typeof scene>(often).fill(scene))
  for (let at = FIRST; ; ) {
    const host = random.pick(HOSTS)
    for (const [program, pid, message] of random.pick(all)(random)) {
      at += random.int(1, 900)
      yield { at, host, program, pid, uid: 0, message }
    }
  }
}
