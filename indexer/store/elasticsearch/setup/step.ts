import { type Difference, differences } from './difference.ts'

/** One thing that should be in the cluster, and how it comes there. */
export interface Step {
  readonly kind: string
  readonly name: string
  readonly change: 'create' | 'update' | 'remove'
  /** What is other than it should be; of what is new nothing. */
  readonly differences: readonly Difference[]
  /** What to know beside that. */
  readonly note?: string
  apply(): Promise<void>
}

/** Does them: what is of one kind at once, since it stands alone; kinds in their order, since an index needs its template. */
export async function applyAll(steps: readonly Step[]): Promise<void> {
  for (const [i, { kind }] of steps.entries()) {
    if (i > 0 && steps[i - 1]!.kind === kind) continue
    const end = steps.findIndex((step, at) => at > i && step.kind !== kind)
    await Promise.all(steps.slice(i, end === -1 ? undefined : end).map((step) => step.apply()))
  }
}

/** The step that makes a definition what it should be; null where it is. */
export function stepFor({
  kind,
  name,
  is,
  shouldBe,
  put,
}: {
  readonly kind: string
  readonly name: string
  readonly is: object | null
  readonly shouldBe: object
  readonly put: () => Promise<unknown>
}): Step | null {
  const apply = async (): Promise<void> => {
    await put()
  }
  if (is === null) return { kind, name, change: 'create', differences: [], apply }
  const found = differences(is, shouldBe)
  return found.length === 0 ? null : { kind, name, change: 'update', differences: found, apply }
}
