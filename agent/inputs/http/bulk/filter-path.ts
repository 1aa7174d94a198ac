import { isRecord } from '../../../../schema/index.ts'

/** The part of an answer that a request asks for by `filter_path`: paths with `*` for any name and `**` for any names between. */
export function filtered(value: unknown, paths: string | null): unknown {
  if (paths === null || paths === '') return value
  const wanted = paths
    .split(',')
    .filter((path) => !path.startsWith('-'))
    .map((path) => path.trim().split('.'))
  return wanted.length === 0 ? value : (kept(value, wanted) ?? {})
}

function kept(value: unknown, wanted: readonly (readonly string[])[]): unknown {
  if (wanted.some((path) => path.length === 0 || path.every((name) => name === '**'))) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => kept(item, wanted)).filter((item) => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (!isRecord(value)) return undefined
  const members = Object.entries(value).flatMap(([name, inner]) => {
    const below = wanted.flatMap((path) => after(path, name))
    const found = below.length === 0 ? undefined : kept(inner, below)
    return found === undefined ? [] : [[name, found] as const]
  })
  return members.length > 0 ? Object.fromEntries(members) : undefined
}

/** What remains of a path below a member of this name. */
function after([first = '', ...rest]: readonly string[], name: string): (readonly string[])[] {
  if (first === '**') return [[first, ...rest], ...after(rest, name)]
  const pattern = first.split(/\*+/).map(RegExp.escape).join('.*')
  return new RegExp(`^${pattern}$`, 's').test(name) ? [rest] : []
}
