import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/** The versions, hashes and licences of other packages, from package-lock.json. */
export const ROOT = join(import.meta.dirname, '..')

const locked = z.object({
  version: z.string(),
  license: z.string().optional(),
  integrity: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
})
export type Locked = z.infer<typeof locked>
/** A package by its place in the tree, such as `node_modules/ajv/node_modules/fast-uri`. */
export type Lock = ReadonlyMap<string, Locked>

export function readLock(): Lock {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')))
  // The project itself has no hash, nor has what another package brings in its own archive.
  return new Map(
    Object.entries(packages).flatMap(([place, entry]) => {
      const { data } = locked.safeParse(entry)
      return data === undefined ? [] : [[place, data] as const]
    }),
  )
}

export const nameAt = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 13)

/** The places of packages and of all that they need, as Node finds them: beside the package that asks, or further up. */
export function closureOf(lock: Lock, names: readonly string[]): string[] {
  const found = new Set<string>()
  const add = (from: string, name: string): void => {
    const place = placeOf(lock, from, name)
    if (found.has(place)) return
    found.add(place)
    for (const needed of Object.keys(lock.get(place)?.dependencies ?? {})) add(place, needed)
  }
  for (const name of names) add('', name)
  return [...found].sort()
}

/** The packages that a package asks for, by their places. */
export const neededBy = (lock: Lock, place: string): string[] =>
  Object.keys(lock.get(place)?.dependencies ?? {}).map((name) => placeOf(lock, place, name))

function placeOf(lock: Lock, from: string, name: string): string {
  for (let folder = from; ; ) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (lock.has(place)) return place
    if (folder === '') throw new Error(`package-lock.json has no ${name}, which ${from} needs`)
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
}
