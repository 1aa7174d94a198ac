import type { Random } from '../../demo/generator/index.ts'
import { address, hostMessages, type Said, USERS } from './host.ts'

const FIRST = Date.UTC(2026, 4, 1)
const RULES = ['egress-web', 'egress-dns', 'ingress-shop', 'vpn-users', 'default-deny', 'guest-wifi']
const ATTACKS = ['SQL injection attempt', 'Port scan', 'Brute force on SSH', 'Directory traversal attack']

type Event = (random: Random, at: number) => string

const traffic: Event = (random, at) => {
  const act = random.pick(['allow', 'allow', 'allow', 'deny', 'drop'])
  return `CEF:0|Palisade|Gateway|10.2|TRAFFIC|end|3|rt=${at} src=${address(random)} spt=${random.int(1024, 65_000)} dst=203.0.113.${random.int(1, 254)} dpt=${random.pick([443, 80, 53, 22])} proto=${random.pick(['TCP', 'UDP'])} app=${random.pick(['ssl', 'dns', 'web-browsing'])} act=${act} cs1=${random.pick(RULES)} cs1Label=Rule cn1=${random.int(60, 900_000)} cn1Label=Bytes deviceExternalId=GW-${random.int(1000, 9999)} dvchost=gw-${random.int(1, 4)} dvc=10.0.0.${random.int(1, 4)} cnt=1`
}

const threat: Event = (random, at) =>
  `CEF:1|Palisade|Gateway|10.2|THREAT|${random.pick(ATTACKS)}|High|rt=${at} src=${address(random)} dst=10.0.0.${random.int(1, 254)} dpt=443 act=reset-both request=https://shop.example/?id\\=${random.int(1, 9999)}%20OR%201\\=1 requestClientApplication=sqlmap/1.7 cat=intrusion outcome=failure`

const signIn: Event = (random, at) => {
  const isFailed = random.chance(0.4)
  return `CEF:0|Acme|StoreWriter|2.0|AUTH-${isFailed ? 2 : 1}|${isFailed ? 'Login failed' : 'User logged in'}|${isFailed ? 'Medium' : 'Low'}|rt=${at} suser=${random.pick(USERS)} suid=${random.int(1000, 1100)} spriv=Auditor src=${address(random)} shost=laptop-${random.int(1, 90)}.example.com outcome=${isFailed ? 'failure' : 'success'} externalId=${random.int(10_000, 99_999)} msg=Sign-in at the portal, by ${random.pick(['LDAP', 'local list'])}`
}

const setting: Event = (random, at) =>
  `CEF:0|Acme|StoreWriter|2.0|CFG-1|Policy retention changed|7|rt=${at} suser=${random.pick(USERS)} cs2=${random.int(10, 90)}d cs2Label=Old Value cs3=${random.int(10, 90)}d cs3Label=New Value dvchost=vault-1`

const EVENTS: readonly Event[] = [traffic, traffic, traffic, traffic, threat, signIn, signIn, setting]

/** Lines that devices send in CEF, most of them with a syslog header as a relay writes it. */
export function* deviceLines(random: Random): Generator<string, never> {
  for (let at = FIRST; ; ) {
    at += random.int(1, 400)
    const event = random.pick(EVENTS)(random, at)
    const stamp = new Date(at).toISOString()
    const form = random.next()
    if (form < 0.5) yield `<134>May  1 ${stamp.slice(11, 19)} gw-${random.int(1, 4)} ${event}`
    else if (form < 0.7) yield `<134>1 ${stamp} gw-${random.int(1, 4)} - - - - ${event}`
    else yield event
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Programs that log their name without a process id. */
const WITHOUT_PID = new Set(['sudo'])

function traditional(at: number): string {
  const date = new Date(at)
  const day = String(date.getUTCDate()).padStart(2)
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`
}

/** Writes a line as rsyslog does: with the traditional time, or (newer systems) with one of RFC 3339. */
function lineOf({ at, host, program, pid, message }: Said): string {
  const time = host.startsWith('db') ? `${new Date(at).toISOString().slice(0, 23)}417+00:00` : traditional(at)
  return `${time} ${host} ${WITHOUT_PID.has(program) ? program : `${program}[${pid}]`}: ${message}`
}

/** Lines of /var/log/auth.log. */
export function* authLines(random: Random): Generator<string, never> {
  for (const said of hostMessages(random)) yield lineOf(said)
  throw new Error('the hosts have fallen silent')
}
