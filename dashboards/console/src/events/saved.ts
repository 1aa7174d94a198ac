/** Searches that this reader kept, in this browser. */
export interface Saved {
  readonly name: string
  /** The address of the search, from its question mark. */
  readonly search: string
}

const KEY = 'waybill.searches'

export function savedSearches(): readonly Saved[] {
  try {
    const given: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(given) ? given.filter(isSaved) : []
  } catch {
    // A browser may refuse to keep anything.
    return []
  }
}

const isSaved = (value: unknown): value is Saved =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'search' in value &&
  typeof value.name === 'string' &&
  typeof value.search === 'string' &&
  /^(?:\?|$)/.test(value.search)

export function keepSearches(searches: readonly Saved[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(searches))
  } catch {
    // Then they last as long as the page.
  }
}
