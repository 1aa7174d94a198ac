import type { Random } from '../../demo/generator/index.ts'
import { hostMessages, type Said } from './host.ts'

const MACHINE = '1f2e3d4c5b6a79880716253443526170'
const BOOT = '5c0cd2f3a4b54c6d8e7f9a0b1c2d3e4f'
const UNIT_OF: Readonly<Record<string, string>> = {
  sshd: 'ssh.service',
  CRON: 'cron.service',
  'systemd-logind': 'systemd-logind.service',
}
const PROGRAM_OF: Readonly<Record<string, string>> = {
  sshd: '/usr/sbin/sshd',
  CRON: '/usr/sbin/cron',
  'systemd-logind': '/usr/lib/systemd/systemd-logind',
}

/** An entry with all that journald adds, in the order of systemd 255. */
function entryOf(random: Random, number: number, { at, host, program, pid, message }: Said): object {
  const micros = `${at}${String(random.int(0, 999)).padStart(3, '0')}`
  const seq = (0x4e20 + number).toString(16)
  const unit = UNIT_OF[program] ?? `session-${random.int(1, 400)}.scope`
  const exe = PROGRAM_OF[program] ?? `/usr/bin/${program}`
  const monotonic = String(400_000_000 + number * 1250)
  return {
    __CURSOR: `s=8d2b7c1f0a3e4f5d9b6a7c8d9e0f1a2b;i=${seq};b=${BOOT};m=${Number(monotonic).toString(16)};t=${Number(micros).toString(16)};x=${random.hex(16)}`,
    __REALTIME_TIMESTAMP: micros,
    __MONOTONIC_TIMESTAMP: monotonic,
    __SEQNUM: String(0x4e20 + number),
    __SEQNUM_ID: '8d2b7c1f0a3e4f5d9b6a7c8d9e0f1a2b',
    _BOOT_ID: BOOT,
    _MACHINE_ID: MACHINE,
    _HOSTNAME: host,
    _RUNTIME_SCOPE: 'system',
    _TRANSPORT: 'syslog',
    PRIORITY: message.includes('fail') ? '5' : '6',
    SYSLOG_FACILITY: '10',
    SYSLOG_IDENTIFIER: program,
    SYSLOG_PID: String(pid),
    SYSLOG_TIMESTAMP: 'May  1 10:00:00 ',
    _PID: String(pid),
    _UID: '0',
    _GID: '0',
    _COMM: program.slice(0, 15).toLowerCase(),
    _EXE: exe,
    _CMDLINE: program === 'sshd' ? 'sshd: [accepted]' : exe,
    _CAP_EFFECTIVE: '1ffffffffff',
    _SELINUX_CONTEXT: 'unconfined\n',
    _SYSTEMD_CGROUP: `/system.slice/${unit}`,
    _SYSTEMD_UNIT: unit,
    _SYSTEMD_SLICE: 'system.slice',
    _SYSTEMD_INVOCATION_ID: random.hex(32),
    _SOURCE_REALTIME_TIMESTAMP: micros,
    MESSAGE: message,
  }
}

const UNITS = ['nginx', 'shop', 'postgresql', 'apt-daily', 'logrotate', 'fstrim', 'docker']
const STARTED = '39f53479d3a045ac8e11786248231fbf'
const STOPPED = '9d1aaa27d60140bd96365438aad20286'

/** A message of systemd about a unit, with the place in its source code. */
function unitEntryOf(random: Random, number: number, said: Said): object {
  const unit = `${random.pick(UNITS)}.service`
  const isStart = random.chance(0.5)
  const message = `${isStart ? 'Started' : 'Stopped'} ${unit} - Unit ${unit.slice(0, -8)}.`
  return {
    ...entryOf(random, number, { ...said, program: 'systemd', pid: 1, message }),
    _TRANSPORT: 'journal',
    CODE_FILE: 'src/core/job.c',
    CODE_LINE: '581',
    CODE_FUNC: 'job_emit_done_message',
    JOB_ID: String(random.int(1000, 90_000)),
    JOB_TYPE: isStart ? 'start' : 'stop',
    JOB_RESULT: 'done',
    MESSAGE_ID: isStart ? STARTED : STOPPED,
    UNIT: unit,
    INVOCATION_ID: random.hex(32),
  }
}

/** A message in colours is no text to journald: it writes bytes. */
const colourful = (text: string): number[] => [...Buffer.from(`\u001b[32m${text}\u001b[0m`)]

/** Lines of `journalctl --all --output=json`. */
export function* journalLines(random: Random): Generator<string, never> {
  let number = 0
  for (const said of hostMessages(random)) {
    number++
    const chance = random.next()
    if (chance < 0.15) yield JSON.stringify(unitEntryOf(random, number, said))
    else if (chance < 0.16) {
      const message = colourful(`listening on ${random.int(8000, 9000)}`)
      yield JSON.stringify({ ...entryOf(random, number, { ...said, program: 'shop' }), MESSAGE: message })
    } else yield JSON.stringify(entryOf(random, number, said))
  }
  throw new Error('the hosts have fallen silent')
}
