import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { sep } from 'node:path'
import { codeOf } from '../../schema/index.ts'

const AUDIT_FOLDER = '/var/log/audit'

/** Why this user may not read a path, with what gives it the permission; null if the permissions are not the reason. */
export function accessProblem(path: string): string | null {
  const place = closedPlace(path)
  if (place === null) return null
  const { mode, uid, gid, isFolder } = place
  const user = userInfo().username
  const what = place.path === path ? 'it' : place.path
  const needed = isFolder ? 0o050 : 0o040
  if ((mode & needed) === needed && gid !== 0) {
    const group = nameOf('/etc/group', gid)
    return `this user is not in the group ${group}, which may read ${what}: usermod --append --groups ${group} ${user}, and restart the agent`
  }
  if (place.path === AUDIT_FOLDER || place.path.startsWith(`${AUDIT_FOLDER}${sep}`))
    return `auditd lets nobody but root read ${what}: set log_group = adm in /etc/audit/auditd.conf, and restart auditd`
  const acl = `setfacl --modify user:${user}:${isFolder ? 'rx' : 'r'} ${place.path}`
  return `only ${nameOf('/etc/passwd', uid)} may read ${what}: give this user the permission (${acl}), or give the file to a group that the user is in`
}

interface Place {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly isFolder: boolean
}

/** The first folder on the way to a path, or the path itself, that this user may not enter or read. */
function closedPlace(path: string): Place | null {
  const parts = path.split(sep)
  for (let count = 2; count <= parts.length; count++) {
    const at = parts.slice(0, count).join(sep)
    const stat = statSync(at, { throwIfNoEntry: false })
    if (stat === undefined) return null
    const isFolder = stat.isDirectory()
    try {
      accessSync(at, isFolder && count < parts.length ? constants.X_OK : constants.R_OK)
    } catch (error) {
      return codeOf(error) === 'EACCES'
        ? { path: at, mode: stat.mode, uid: stat.uid, gid: stat.gid, isFolder }
        : null
    }
  }
  return null
}

/** The name of a number in a table of users or groups; the number itself if a directory service has it. */
function nameOf(table: string, id: number): string {
  const line = readFileSync(table, 'utf8')
    .split('\n')
    .find((one) => one.split(':')[2] === String(id))
  return line?.split(':')[0] ?? String(id)
}

/** A finding for those who check as root what another user will read: root may read everything. */
export function rootNotice(data: string, file: string): string | null {
  const owner = statSync(data, { throwIfNoEntry: false })?.uid
  if (process.getuid?.() !== 0 || owner === undefined || owner === 0) return null
  const user = nameOf('/etc/passwd', owner)
  return `root may read every file, but the agent runs as ${user}: sudo -u ${user} waybill-agent check --config ${file} finds missing permissions`
}
