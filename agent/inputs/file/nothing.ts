import { type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import picomatch from 'picomatch'
import { codeOf } from '../../../schema/index.ts'

/** Explains in a sentence why a path or glob of the settings matches nothing, with the remedy. */
export function whyNothingAt(path: string): string {
  const scanned = picomatch.scan(path)
  const place = resolve(scanned.isGlob ? scanned.base || '.' : path)
  const found = lookAt(place)
  if (found === 'closed') return `this user may not list ${dirname(place)}: give it permission`
  if (found === null) {
    const missing = outermostMissing(place)
    if (missing === place && !scanned.isGlob) {
      return `${dirname(place)} has no such file (yet); check the name`
    }
    return `the folder ${missing} does not exist (yet); check the path`
  }
  if (!scanned.isGlob) {
    return found.isDirectory()
      ? `this is a folder; name the files in it, such as ${place === '/' ? '' : place}/*.log`
      : 'this is not a readable file; check the path'
  }
  return found.isDirectory()
    ? `the folder ${place} is there, and no file in it matches (yet); check the pattern`
    : `${place} is not a folder; check the path`
}

/** Null if nothing exists there; `closed` if that cannot be seen. */
function lookAt(path: string): Stats | 'closed' | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EACCES' || code === 'EPERM') return 'closed'
    if (code === 'ENOTDIR') return null
    throw error
  }
}

function outermostMissing(path: string): string {
  const parent = dirname(path)
  return parent === path || lookAt(parent) !== null ? path : outermostMissing(parent)
}
