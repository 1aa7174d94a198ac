import type { Random } from '../../demo/generator/index.ts'
import { hostMessages, type Said } from './host.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** These say who they are without their process. */
const WITHOUT_PID = new Set(['sudo'])

function traditional(at: number): string {
  const date = new Date(at)
  const day = String(date.getUTCDate()).padStart(2)
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`
}

/** As rsyslog writes it: by tradition, or (newer systems) with a time of RFC 3339. */
function lineOf({ at, host, program, pid, message }: Said): string {
  const time = host.startsWith('db') ? `${new Date(at).toISOString().slice(0, 23)}417+00:00` : traditional(at)
  return `${time} ${host} ${WITHOUT_PID.has(program) ? program : `${program}[${pid}]`}: ${message}`
}

/** Lines of /var/log/auth.log. */
export function* authLines(random: Random): Generator<string, never> {
  for (const said of hostMessages(random)) yield lineOf(said)
  throw new Error('the hosts have fallen silent')
}
