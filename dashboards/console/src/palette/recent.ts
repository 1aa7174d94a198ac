/** What was chosen in the palette, the latest first, per browser. Another user of the browser is never shown what this one looked for. */
export interface Recent {
  readonly group: string
  readonly name: string
  readonly to: string
}

const KEY = 'waybill.palette.1'
const MOST = 12

export function recentOf(user: string): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('user' in kept) || !('chosen' in kept)) return []
    return kept.user === user && Array.isArray(kept.chosen) ? kept.chosen.filter(isRecent) : []
  } catch {
    // A browser may refuse to keep anything, or keep what another hand wrote.
    return []
  }
}

export function remember(user: string, { group, name, to }: Recent): void {
  const others = recentOf(user).filter((one) => one.to !== to)
  const chosen = [{ group, name, to }, ...others].slice(0, MOST)
  try {
    localStorage.setItem(KEY, JSON.stringify({ user, chosen }))
  } catch {
    // Then nothing is recent.
  }
}

/** Only addresses of the console itself. */
const isRecent = (one: unknown): one is Recent =>
  typeof one === 'object' &&
  one !== null &&
  'group' in one &&
  typeof one.group === 'string' &&
  'name' in one &&
  typeof one.name === 'string' &&
  'to' in one &&
  typeof one.to === 'string' &&
  /^\/(?!\/)/.test(one.to)
