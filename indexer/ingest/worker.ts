import { move, transferableSymbol, valueSymbol } from 'piscina'
import { type ContentTask, checkContent } from './content.ts'

/** Runs in a worker thread. Loads as little as it can: each thread pays for it in memory. */
export default function check(task: ContentTask): unknown {
  const result = checkContent(task)
  if (!result.ok) return result
  // Transferred, not copied, to the main thread.
  return move({ [transferableSymbol]: [result.lines, result.leaves], [valueSymbol]: result })
}
