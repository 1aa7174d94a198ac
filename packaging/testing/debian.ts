import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { until } from '../../test/system/system.ts'

/** Debian 12, with what the packages ask for and a systemd to boot. Kept with the packages of npm, since it is fetched from Debian's mirror. */
const SUITE = 'bookworm'
const INCLUDED = ['systemd-sysv', 'sudo', 'acl', 'libatomic1']
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/waybill-packages')
const ARCHIVE = join(CACHE, `debian-${SUITE}.tar`)

/** Why no Debian can be booted here, in a sentence; null if it can. */
export function whyNoDebian(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux can boot a Debian to install packages in'
  for (const [program, from] of [
    ['mmdebstrap', 'mmdebstrap'],
    ['systemd-nspawn', 'systemd-container'],
    ['nsenter', 'util-linux'],
  ] as const)
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
      return `${program} is missing, so no package is installed (apt-get install ${from})`
  return null
}

function archive(): string {
  if (!existsSync(ARCHIVE)) {
    mkdirSync(CACHE, { recursive: true })
    const made = `${ARCHIVE}.new`
    rmSync(made, { force: true })
    execFileSync(
      'mmdebstrap',
      ['--quiet', '--format=tar', '--variant=minbase', `--include=${INCLUDED.join(',')}`, SUITE, made],
      { stdio: 'inherit' },
    )
    renameSync(made, ARCHIVE)
  }
  return ARCHIVE
}

export interface Ran {
  readonly code: number | null
  readonly said: string
}

/** A Debian of its own, on this machine's network. */
export class Debian {
  readonly root: string
  #nspawn: ChildProcess | null = null
  #leader: string | null = null

  private constructor(root: string) {
    this.root = root
  }

  static unpack(): Debian {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-debian-'))
    const root = join(folder, 'root')
    mkdirSync(root)
    execFileSync('tar', ['-xf', archive(), '-C', root, '--numeric-owner', '--exclude=./dev/*'])
    return new Debian(root)
  }

  /** Boots its systemd, with the processes and the mounts of a machine of its own. */
  async boot(): Promise<void> {
    const options = [
      '--quiet',
      '--boot',
      '--register=no',
      '--keep-unit',
      '--link-journal=no',
      '--resolv-conf=off',
    ]
    this.#nspawn = spawn('systemd-nspawn', [...options, '--console=read-only', '-D', this.root], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const { pid } = this.#nspawn
    this.#leader = await until('systemd is booted', () => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
      return children.find(
        (child) => child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8') === 'systemd\n',
      )
    })
    await until('the services of systemd are there', () =>
      /^(running|degraded)/.test(this.run('systemctl is-system-running').said),
    )
  }

  /** Runs a line of the shell as root: in the booted system, else in its folder. */
  run(line: string): Ran {
    const [program, ...args] =
      this.#leader === null
        ? ['chroot', this.root]
        : ['nsenter', '-t', this.#leader, '-m', '-u', '-i', '-p', '-r', '-w']
    const { status, stdout, stderr } = spawnSync(program, [...args, '/bin/sh', '-c', line], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
    })
    return { code: status, said: `${stdout}${stderr}`.trim() }
  }

  /** The same, for what must succeed. */
  must(line: string): string {
    const { code, said } = this.run(line)
    if (code !== 0) throw new Error(`${line} ends with ${code}: ${said}`)
    return said
  }

  /** Puts a file of this machine into the folder `/root`; returns its path there. */
  bring(file: string): string {
    copyFileSync(file, join(this.root, 'root', basename(file)))
    return `/root/${basename(file)}`
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  /** All that is installed: files with owner and mode, users and groups. What the system itself writes in passing is left out. */
  inventory(): string[] {
    const skipped =
      '/proc /sys /dev /run /tmp /root /var/log/journal /var/lib/dpkg /var/cache/ldconfig /var/lib/systemd /var/log/wtmp /var/log/dpkg.log'
        .split(' ')
        .map((path) => `-path ${path}`)
        .join(' -o ')
    const files = this.must(`find / -xdev \\( ${skipped} \\) -prune -o -printf '%M %u:%g %p\\n'`)
    const users = this.must('getent passwd; getent group').split('\n')
    return [
      ...files.split('\n').filter((line) => !/ \/etc\/(passwd|group|g?shadow|sub[ug]id)-?$/.test(line)),
      ...users,
    ].sort()
  }

  async end(): Promise<void> {
    if (this.#nspawn?.exitCode === null) {
      const ended = once(this.#nspawn, 'exit')
      // Without waiting for its services: nothing of it is used again.
      this.#nspawn.kill('SIGKILL')
      if (this.#leader !== null) process.kill(Number(this.#leader), 'SIGKILL')
      await ended
    }
    rmSync(dirname(this.root), { recursive: true, force: true })
  }
}
