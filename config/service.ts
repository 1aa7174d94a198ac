import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { promisify } from 'node:util'
import { OperatorError, reasonOf } from '../schema/index.ts'

/** What the commands share that set up a host: they ask first, and hand over to a systemd service if the host has one. */

const execute = promisify(execFile)

export async function systemctl(...args: readonly string[]): Promise<string> {
  try {
    return (await execute('systemctl', args)).stdout
  } catch (error) {
    throw new OperatorError(
      'WB-SERVICE',
      `systemctl ${args.join(' ')} failed (${reasonOf(error)}): see journalctl -u ${args.at(-1)}.`,
      { cause: error },
    )
  }
}

/** Whether systemd runs this host, this user may start services, and the unit is there. */
export async function hasService(unit: string): Promise<boolean> {
  // The folder is there while systemd is the first process.
  if (process.getuid?.() !== 0 || !existsSync('/run/systemd/system')) return false
  return execute('systemctl', ['cat', unit]).then(
    () => true,
    () => false,
  )
}

/** What root has written must belong to the user of the service: its settings by the group, the rest whole. */
export async function giveToService(
  unit: string,
  { settings, owned }: { readonly settings: string; readonly owned: readonly string[] },
): Promise<void> {
  const user = (await systemctl('show', '--property=User', '--value', unit)).trim()
  if (user === '' || user === 'root') return
  const ids = await Promise.all(['-u', '-g'].map((option) => execute('id', [option, user])))
  const [uid = 0, gid = 0] = ids.map(({ stdout }) => Number(stdout))
  await chown(settings, 0, gid)
  await chmod(settings, 0o640)
  for (const path of owned) {
    await chown(path, uid, gid)
    const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => [])
    for (const entry of entries) await chown(join(entry.parentPath, entry.name), uid, gid)
  }
}

/** A text in YAML: JSON is part of it. */
export const quoted = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text))

/** Writes new settings, after the files that they name; never over settings that are there. */
export async function writeSettings(
  config: string,
  text: string,
  before: () => Promise<void> = async () => undefined,
): Promise<void> {
  try {
    await mkdir(dirname(config), { recursive: true })
    await before()
    await writeFile(config, text, { mode: 0o640, flag: 'wx' })
  } catch (error) {
    throw new OperatorError(
      'WB-FILE-UNWRITABLE',
      `${config} can't be written (${reasonOf(error)}): run this as root, or name another file with --config.`,
      { cause: error },
    )
  }
}

/** Asks before anything is changed. Where nobody can be asked, nothing is, and the exit code says so. */
export async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write(
      'Nothing was changed, since nobody can be asked here: --yes does it without asking.\n',
    )
    process.exitCode = 1
    return false
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = (await lines.question(`${question} [Y/n] `)).trim()
    if (answer === '' || /^y(es)?$/i.test(answer)) return true
    process.stderr.write('Nothing was changed.\n')
    process.exitCode = 1
    return false
  } finally {
    lines.close()
  }
}
