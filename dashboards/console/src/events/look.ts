import { useSyncExternalStore } from 'react'

export const DENSITIES = { comfortable: 'Comfortable', compact: 'Compact' } as const
export type Density = keyof typeof DENSITIES

/** How this browser shows the list of events. What identifies a view is in the address instead. */
export interface ListLook {
  /** Null: those that a list begins with. The columns of an address come before these. */
  readonly columns: readonly string[] | null
  /** The widths that the reader chose by field, px; others follow their content. */
  readonly widths: Readonly<Record<string, number>>
  /** The fields whose text may take several lines. */
  readonly wrapped: readonly string[]
  readonly density: Density
}

/** A new form of what is kept gets a new number. */
const KEY = 'waybill.list.1'
const FIRST: ListLook = { columns: null, widths: {}, wrapped: [], density: 'comfortable' }
export const LEAST_WIDTH = 48
export const MOST_WIDTH = 1600

/** Reads what a browser has kept; parts that another hand wrote are left out. */
export function readLook(text: string | null): ListLook {
  const given = membersOf(text)
  const names = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one) => typeof one === 'string' && /^[\w@][\w@.-]*$/.test(one)) : []
  const columns = [...new Set(names(given.columns))]
  const widths = Object.entries(isMembers(given.widths) ? given.widths : {}).flatMap(([field, width]) =>
    typeof width === 'number' && Number.isFinite(width) ? [[field, bounded(width)] as const] : [],
  )
  return {
    columns: columns.length === 0 ? null : columns,
    widths: Object.fromEntries(widths),
    wrapped: names(given.wrapped),
    density: given.density === 'compact' ? 'compact' : 'comfortable',
  }
}

const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function membersOf(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return isMembers(value) ? value : {}
  } catch {
    // The list begins as on the first day.
    return {}
  }
}

export const bounded = (width: number): number =>
  Math.round(Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width)))

function stored(): ListLook {
  try {
    return readLook(localStorage.getItem(KEY))
  } catch {
    // A browser may refuse to keep anything.
    return FIRST
  }
}

const listeners = new Set<() => void>()
let current: ListLook | null = null

export function changeLook(change: Partial<ListLook>): void {
  current = { ...lookNow(), ...change }
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // It holds until the page is closed.
  }
  for (const listener of listeners) listener()
}

export function lookNow(): ListLook {
  current ??= stored()
  return current
}

export const useLook = (): ListLook =>
  useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, lookNow)

/** Columns with one of them at another place; those beyond an end stay at that end. */
export function moved(columns: readonly string[], field: string, to: number): string[] {
  const others = columns.filter((one) => one !== field)
  return others.toSpliced(Math.min(others.length, Math.max(0, to)), 0, field)
}
