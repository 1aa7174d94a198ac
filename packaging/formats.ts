import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BuildError } from './error.ts'
import { ROOT } from './lock.ts'
import type { Processor } from './node.ts'
import { folderOf, type Staged, scriptOf } from './stage.ts'

/** For Debian and its relatives, for Red Hat and its relatives, and for hosts without a package manager. */
export const FORMATS = ['deb', 'rpm', 'tar'] as const
export type Format = (typeof FORMATS)[number]

export interface Made {
  readonly staged: Staged
  readonly processor: Processor
  readonly version: string
  readonly date: Date
  /** Where the results go. */
  readonly to: string
  /** A folder for what is needed only on the way. */
  readonly scratch: string
}

const MACHINES: Readonly<Record<Processor, string>> = { amd64: 'x86_64', arm64: 'aarch64' }
const RELEASE = '1'
/**
 * The agent's package has 38 MB with zstd, made in 4 s; with gzip 44 MB in 11 s; with xz 34 MB in 50 s. Debian's rules for packages, and dpkg before Debian 12, know
 * no zstd.
 */
const COMPRESSION = { deb: 'gzip', rpm: 'zstd' } as const
/** What Node's binary asks of the system: `readelf --version-info` lists it. */
const DEB_NEEDS = ['libc6 (>= 2.28)', 'libstdc++6 (>= 5)', 'libatomic1', 'libgcc-s1', 'passwd']
const RPM_NEEDS = [
  'libc.so.6(GLIBC_2.28)(64bit)',
  'libstdc++.so.6(GLIBCXX_3.4.21)(64bit)',
  'libatomic.so.1()(64bit)',
  '/usr/sbin/useradd',
]

/** nfpm is built by Go, the first time; `go.mod` beside this file has its version, and `go.sum` the hashes. */
export function findNfpm(): string {
  const bin = join(ROOT, 'node_modules/.cache/waybill-packages')
  if (spawnSync('go', ['version']).status !== 0)
    throw new BuildError(
      'Packages for dpkg and rpm are made by nfpm, which Go builds, and there is no Go: install Go 1.25 or newer.',
    )
  mkdirSync(bin, { recursive: true })
  const built = spawnSync('go', ['install', 'tool'], {
    cwd: import.meta.dirname,
    env: { ...process.env, GOBIN: bin, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    encoding: 'utf8',
  })
  if (built.status !== 0)
    throw new BuildError(`Go can't build nfpm: ${built.stderr.trim().split('\n').at(-1)}`)
  return join(bin, 'nfpm')
}

interface Content {
  readonly src?: string
  readonly dst: string
  readonly type?: 'dir' | 'doc'
  readonly file_info: { readonly mode: number; readonly mtime: string }
}

/** Writes a .deb or an .rpm; returns its path. */
export function systemPackage(made: Made, packager: 'deb' | 'rpm', nfpm: string): string {
  const { staged, processor, version, date, to, scratch } = made
  const { name } = staged.program
  const script = (file: string): string => {
    const path = join(scratch, file)
    writeFileSync(path, scriptOf(file, staged.program), { mode: 0o755 })
    return path
  }
  const mtime = date.toISOString()
  const changelog = join(scratch, 'changelog.yml')
  writeFileSync(
    changelog,
    JSON.stringify([
      {
        semver: packager === 'deb' ? version : `${version}-${RELEASE}`,
        date: mtime,
        packager: MAINTAINER,
        changes: [{ note: `Release ${version}.` }],
        deb: { urgency: 'medium', distributions: ['stable'] },
      },
    ]),
  )
  const entries = globSync('**/*', { cwd: staged.root, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(staged.root.length) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const contents = entries.flatMap(({ entry, path }): Content[] => {
    if (entry.isDirectory())
      return isOwn(path, name) ? [{ dst: path, type: 'dir', file_info: { mode: 0o755, mtime } }] : []
    return [
      {
        src: join(staged.root, path),
        dst: path,
        file_info: { mode: statSync(join(staged.root, path)).mode & 0o777, mtime },
      },
    ]
  })
  const overrides = {
    src: script('lintian-overrides.txt'),
    dst: `/usr/share/lintian/overrides/${name}`,
    file_info: { mode: 0o644, mtime },
  }
  const { about } = staged.program
  const [summary = ''] = about.split('\n')
  const nfpmSettings = {
    name,
    arch: processor,
    platform: 'linux',
    version,
    version_schema: 'none',
    release: RELEASE,
    section: 'admin',
    priority: 'optional',
    maintainer: MAINTAINER,
    vendor: 'Waybill',
    mtime,
    description: packager === 'deb' ? about : capital(about.replace(/^ /gm, '')),
    changelog: changelog,
    contents: packager === 'deb' ? [...contents, overrides] : contents.map(forRpm),
    ...(packager === 'deb'
      ? {
          depends: DEB_NEEDS,
          recommends: ['acl'],
          scripts: {
            postinstall: script('deb-postinst.sh'),
            preremove: script('deb-prerm.sh'),
            postremove: script('deb-postrm.sh'),
          },
          deb: { compression: COMPRESSION.deb },
        }
      : {
          license: 'Apache-2.0',
          depends: RPM_NEEDS,
          scripts: {
            preinstall: script('rpm-pre.sh'),
            postinstall: script('rpm-post.sh'),
            preremove: script('rpm-preun.sh'),
            postremove: script('rpm-postun.sh'),
          },
          rpm: {
            group: 'Applications/System',
            summary: capital(summary),
            compression: COMPRESSION.rpm,
            buildhost: 'waybill',
          },
        }),
  }
  const config = join(scratch, `${packager}.json`)
  writeFileSync(config, JSON.stringify(nfpmSettings))
  const file =
    packager === 'deb'
      ? `${name}_${version}-${RELEASE}_${processor}.deb`
      : `${name}-${version}-${RELEASE}.${MACHINES[processor]}.rpm`
  const target = join(to, file)
  execFileSync(nfpm, ['package', '--config', config, '--packager', packager, '--target', target], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: epochOf(date) },
  })
  return target
}

/** Who answers for the packages. */
const MAINTAINER = 'Waybill <packages@waybill.example>'

const isOwn = (path: string, name: string): boolean =>
  path === '/etc/waybill' || new RegExp(`^/usr/(lib|share/doc)/${name}(/|$)`).test(path)

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** An .rpm names its documentation, and Fedora and its relatives keep completions of zsh elsewhere. */
const forRpm = (one: Content): Content => ({
  ...one,
  ...(/^\/usr\/share\/(doc|man)\//.test(one.dst) && one.type !== 'dir' && { type: 'doc' as const }),
  dst: one.dst.replace('/zsh/vendor-completions/', '/zsh/site-functions/'),
})

const epochOf = (date: Date): string => String(date.getTime() / 1000)

/** Writes an archive for hosts without a package manager: the files, and the script that installs them. */
export function tarball(made: Made): string {
  const { staged, processor, version, date, to, scratch } = made
  const { program, root } = staged
  const label = `${program.name}-${version}-linux-${processor}`
  const folder = join(scratch, label)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  cpSync(root, join(folder, 'root'), { recursive: true, preserveTimestamps: false })
  const files = globSync('**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((path) => !path.startsWith(`${folderOf(program)}/`) && !path.startsWith('/etc/'))
  writeFileSync(join(folder, 'files.txt'), `${files.sort().join('\n')}\n`)
  const script = scriptOf('install.sh', program, { version, machine: MACHINES[processor] })
  writeFileSync(join(folder, 'install.sh'), script)
  chmodSync(join(folder, 'install.sh'), 0o755)
  const target = join(to, `${label}.tar.gz`)
  writeFileSync(target, archived(scratch, [label], date))
  rmSync(folder, { recursive: true })
  return target
}

/** A tar archive with the same bytes on every machine, at any time. */
export function archived(folder: string, names: readonly string[], date: Date): Buffer {
  const options = [
    '--format=gnu',
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u+rw,go-w',
  ]
  const tar = execFileSync(
    'tar',
    ['-C', folder, ...options, `--mtime=@${epochOf(date)}`, '-cf', '-', ...names],
    {
      maxBuffer: 2 ** 31,
    },
  )
  return gzipSync(tar)
}
