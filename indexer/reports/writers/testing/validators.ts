import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Programs of others that read reports: veraPDF from Maven Central, pikepdf (qpdf) and openpyxl from PyPI. The files in `validators/` name
 * their versions. They are fetched once, and kept with the packages of npm.
 */
const HERE = join(import.meta.dirname, 'validators')
const CACHE = join(import.meta.dirname, '../../../../node_modules/.cache/waybill-reports')
const JARS = join(CACHE, 'verapdf')
const PACKAGES = join(CACHE, 'python')
const run = promisify(execFile)

/** Why veraPDF can't be had, in a sentence; null if it can. */
export function whyNoVeraPdf(): string | null {
  if (spawnSync('java', ['-version']).status !== 0)
    return 'Java is not installed, so no PDF is validated by veraPDF'
  if (existsSync(JARS)) return null
  mkdirSync(CACHE, { recursive: true })
  const copied = spawnSync(
    'mvn',
    ['-q', '-B', '-f', HERE, 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`],
    { encoding: 'utf8' },
  )
  if (copied.error !== undefined) return 'Maven is not installed, so no PDF is validated by veraPDF'
  return copied.status === 0 ? null : `Maven can't get veraPDF: ${copied.stdout.trim().split('\n')[0]}`
}

/** Why the readers in Python can't be had; null if they can. */
export function whyNoPython(): string | null {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0)
    return 'Python with pip is not installed, so no workbook is read by openpyxl and no PDF by pikepdf'
  if (existsSync(PACKAGES)) return null
  const wanted = join(HERE, 'requirements.txt')
  const installed = spawnSync(
    'python3',
    ['-m', 'pip', 'install', '-q', '--no-cache-dir', '--target', PACKAGES, '-r', wanted],
    { encoding: 'utf8' },
  )
  return installed.status === 0
    ? null
    : `pip can't get openpyxl and pikepdf: ${installed.stderr.trim().split('\n').at(-1)}`
}

/** What veraPDF says of a file, as `PASS` or the rules that it breaks. */
export async function veraPdf(path: string, flavour: '3a' | 'ua1'): Promise<string> {
  const args = ['-cp', join(JARS, '*'), 'org.verapdf.apps.GreenfieldCliWrapper', '-f', flavour]
  try {
    const { stdout } = await run('java', [...args, '--format', 'text', '-v', path])
    return stdout.replaceAll(path, '').replace(/\s+/g, ' ').trim()
  } catch (thrown) {
    // It exits with 1 if a file does not conform, and says why on its output.
    const { stdout } = thrown as { stdout?: string }
    if (stdout === undefined || stdout === '') throw thrown
    return stdout.replaceAll(path, '').replace(/\s+/g, ' ').trim()
  }
}

/** What a script in `validators/` prints of a file. */
export async function readBy<Found>(script: 'read-pdf.py' | 'read-xlsx.py', path: string): Promise<Found> {
  const { stdout } = await run('python3', [join(HERE, script), path], {
    env: { ...process.env, PYTHONPATH: PACKAGES },
    maxBuffer: 1 << 28,
  })
  return JSON.parse(stdout)
}
