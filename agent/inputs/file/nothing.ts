import { type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import picomatch from 'picomatch'
import { codeOf } from '../../../schema/index.ts'

/** Why nothing is where a path or glob of the settings points, and what to do, as a sentence. */
export function whyNothingAt(path: string): string {
  const scanned = picomatch.scan(path)
  const place = resolve(scanned.isGlob ? scanned.base || '.' : path)
  const found = lookAt(place)
  if (found === 'closed') return `this user may not look into ${dirname(place)}: give it the right`
  if (found === null) {
    const missing = outermostMissing(place)
    if (missing === place && !scanned.isGlob) {
      return `there is no such file in ${dirname(place)} (yet); check the name`
    }
    return `there is no folder ${missing} (yet); check the path`
  }
  if (!scanned.isGlob) {
    return found.isDirectory()
      ? `this is a folder; name the files in it, such as ${place === '/' ? '' : place}/*.log`
      : 'this is no file that can be read; check the path'
  }
  return found.isDirectory()
    ? `the folder ${place} is there, and no file in it matches (yet); check the pattern`
    : `${place} is no folder; check the path`
}

/** Null where nothing is; `closed` where that can't be seen. */
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
