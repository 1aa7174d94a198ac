import { type Asked, isField, textFrom } from '../integration/condition.ts'
import { type Condition, folded } from '../integration/integration.ts'
import { leafOf } from '../integration/layout.ts'
import type { Mapping } from '../integration/mapping.ts'
import type { CompiledExtraction } from '../integration/rules.ts'

const MOST_KNOWN = 1024

/**
 * Members to be taken apart one after the other, by what one text says: messages by their program. Which of them are pending is worked out
 * once for each text that comes.
 */
export interface PendingExtractions {
  /** Null where they are always pending. */
  readonly text: ((asked: Asked) => string | undefined) | null
  pending(text: string | undefined): readonly CompiledExtraction[]
}

interface Step {
  readonly one: CompiledExtraction
  /** The one name that its condition asks for, and what it may say; null where it asks otherwise. */
  readonly asks: { readonly name: string; readonly oneOf: readonly string[] } | null
}

/** All that an integration takes apart, in its order. */
export function pendingExtractions(
  { extract, rules }: Mapping,
  sourceOf: (name: string) => number,
): PendingExtractions[] {
  const steps: PendingExtractions[] = []
  let run: Step[] = []
  const end = (): void => {
    if (run.length > 0) steps.push(choosing(run, sourceOf))
    run = []
  }
  for (const one of extract) {
    const asks = one.applies === null ? null : onlyAsk(one.extraction.when)
    if (run.length > 0 && run[0]!.asks?.name !== asks?.name) end()
    if (asks === null) steps.push({ text: null, pending: always(one) })
    else {
      run.push({ one, asks })
      // What it is asked by may be another thing behind it.
      if (mayChange(one, asks.name)) end()
    }
  }
  end()
  return steps

  function mayChange({ from, sourceOf: groups }: CompiledExtraction, name: string): boolean {
    const asked = isField(name)
      ? rules.filter(({ leaf }) => leaf === leafOf(name)).flatMap(({ sources }) => sources)
      : [sourceOf(name)]
    return [...groups.values(), ...from.map(({ source }) => source)].some((source) => asked.includes(source))
  }
}

const always = (one: CompiledExtraction): PendingExtractions['pending'] => {
  const pending = [one]
  return () => pending
}

function choosing(run: readonly Step[], sourceOf: (name: string) => number): PendingExtractions {
  const wanted = run.map(({ one, asks }) => ({ one, texts: new Set(asks?.oneOf.map(folded)) }))
  const known = new Map<string, readonly CompiledExtraction[]>()
  const none: readonly CompiledExtraction[] = []
  return {
    text: textFrom(run[0]!.asks!.name, sourceOf),
    pending(text) {
      if (text === undefined) return none
      let pending = known.get(text)
      if (pending === undefined) {
        const fold = folded(text)
        pending = wanted.filter(({ texts }) => texts.has(fold)).map(({ one }) => one)
        if (known.size >= MOST_KNOWN) known.clear()
        known.set(text, pending)
      }
      return pending
    },
  }
}

function onlyAsk(when: Condition | null): Step['asks'] {
  if (when === null) return null
  if ('all' in when) return when.all.length === 1 ? onlyAsk(when.all[0]!) : null
  return 'oneOf' in when ? when : null
}
