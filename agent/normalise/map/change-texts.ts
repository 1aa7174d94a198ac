import { HOW } from './values.ts'

/** What of the changes a leaf says that is written in this way; undefined for other ways. */
export function changeTextsOf(how: number): 'fields' | 'before' | 'after' | undefined {
  if (how === HOW.changeFields) return 'fields'
  if (how === HOW.changeBefore) return 'before'
  return how === HOW.changeAfter ? 'after' : undefined
}
