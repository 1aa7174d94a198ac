/** The kind of an audit event; it determines the retention tier and the index family or partition. */
export const CATEGORIES = ['security', 'activity', 'change', 'system', 'api', 'view'] as const
export type Category = (typeof CATEGORIES)[number]

export function isCategory(value: unknown): value is Category {
  return typeof value === 'string' && (CATEGORIES as readonly string[]).includes(value)
}

/** The place of a partition: a cluster may have cheaper nodes for older data. */
export const TIERS = ['hot', 'warm', 'cold', 'frozen'] as const
export type Tier = (typeof TIERS)[number]
