/** The parts of an entry, as the address names them. */
export const ENTRY_TABS = ['entry', 'history', 'related', 'fields', 'original', 'proof'] as const
export type EntryTab = (typeof ENTRY_TABS)[number]
