import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The usual places of Java runtimes in distributions. */
const USUAL_PLACES = ['/usr/lib/jvm', '/usr/java', '/Library/Java/JavaVirtualMachines']

/** Returns the home of a Java runtime of at least this version, or null. */
export function javaHome(least: number, environment: NodeJS.ProcessEnv = process.env): string | null {
  const named = [environment.ES_JAVA_HOME, environment.JAVA_HOME].filter((home) => home !== undefined)
  const installed = USUAL_PLACES.filter((place) => existsSync(place)).flatMap((place) =>
    readdirSync(place).flatMap((name) => [join(place, name), join(place, name, 'Contents/Home')]),
  )
  return [...named, ...installed].find((home) => majorOf(home) >= least) ?? null
}

/** The major version in the runtime's `release` file, or 0. */
function majorOf(home: string): number {
  try {
    const [, version] = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8')) ?? []
    return existsSync(join(home, 'bin', 'java')) ? Number(version ?? 0) : 0
  } catch {
    return 0
  }
}
