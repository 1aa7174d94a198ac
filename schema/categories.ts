/** What kind of audit event it is; it chooses the retention tier and the index family or partition. */
export const CATEGORIES = ['security', 'activity', 'change', 'system', 'api', 'view'] as const
export type Category = (typeof CATEGORIES)[number]

export function isCategory(value: unknown): value is Category {
  return typeof value === 'string' && (CATEGORIES as readonly string[]).includes(value)
}
