let path: string | null = null
let visit = ''

/**
 * The look at a screen that is going on: the screen's name, and what tells this look from others. What a screen asks goes under it, so that the
 * audit trail has one event for one look.
 */
export function currentVisit(): string {
  const now = window.location.pathname
  if (now !== path) {
    path = now
    visit = `${screenOf(now)}.${Math.random().toString(36).slice(2, 12) || '0'}`
  }
  return visit
}

export function screenOf(address: string): string {
  const [first = '', second = ''] = address.split('/').filter((part) => part !== '')
  const names = first === 'settings' ? [first, second] : [first || 'overview']
  return (
    names
      .filter((name) => /^[a-z-]+$/.test(name))
      .join('-')
      .slice(0, 40) || 'other'
  )
}
