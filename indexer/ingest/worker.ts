import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { Enricher } from '../enrich/index.ts'
import type { CheckResult, CheckTask } from './checker.ts'
import { checkContent } from './content.ts'

let enricher: Enricher | null = null

/** Runs in a worker thread. Loads as little as it can, and only when it is needed: each thread pays for it in memory. */
export default async function check({ content, plan, room }: CheckTask): Promise<unknown> {
  const checked = checkContent(content)
  // Megabytes that the collector would let gather.
  content.payload.transfer(0)
  if (!checked.ok) return checked satisfies CheckResult
  const { lines, leaves } = checked
  if (plan !== null) enricher ??= new (await import('../enrich/index.ts')).Enricher()
  const enriched = plan === null ? undefined : enricher?.enrich(Buffer.from(lines, 0, content.bytes), plan)
  if (room !== null) {
    Buffer.from(lines, 0, content.bytes).copy(Buffer.from(room))
    lines.transfer(0)
  }
  const result: CheckResult = {
    ok: true,
    leaves,
    lines: room ?? lines,
    additions: enriched?.additions ?? null,
    fault: enriched?.fault ?? null,
  }
  // Transferred, not copied, to the main thread.
  return move({ [transferableSymbol]: room === null ? [lines, leaves] : [leaves], [valueSymbol]: result })
}
