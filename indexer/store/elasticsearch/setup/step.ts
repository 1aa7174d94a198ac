/** A step that puts one thing into the cluster. */
export interface Step {
  readonly kind: string
  readonly name: string
  readonly change: 'create' | 'update' | 'remove'
  /** The values that differ from what they should be; none for a new definition. */
  readonly differences: readonly Difference[]
  /** Additional information. */
  readonly note?: string
  /** A sentence if stored events would be kept for less time than now. */
  readonly shortens?: string
  apply(): Promise<void>
}

/** Applies the steps: those of one kind at once, since they are independent; kinds in their order, since an index needs its template. */
export async function applyAll(steps: readonly Step[]): Promise<void> {
  for (const [i, { kind }] of steps.entries()) {
    if (i > 0 && steps[i - 1]!.kind === kind) continue
    const end = steps.findIndex((step, at) => at > i && step.kind !== kind)
    await Promise.all(steps.slice(i, end === -1 ? undefined : end).map((step) => step.apply()))
  }
}

/** Returns the step that makes a definition what it should be; null if it already is. */
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

/** A value that differs from what it should be; undefined if it is missing. */
export interface Difference {
  readonly path: string
  readonly is: string | undefined
  readonly shouldBe: string | undefined
}

/** Fields that a cluster adds to a definition, and that have no meaning. */
const ADDED = [
  /(^|\.)allow_restricted_indices$/,
  /(^|\.)transient_metadata\./,
  /(^|\.)delete\.actions\.delete\.delete_searchable_snapshot$/,
  /(^|\.)(created|modified)_date(_millis)?$/,
  /(^|\.)_meta\./,
]

/**
 * Lists the differences between two definitions, value by value. A number and a text with the same digits are equal: settings come back as
 * texts.
 */
export function differences(is: unknown, shouldBe: unknown): Difference[] {
  const before = flat(is)
  const after = flat(shouldBe)
  return [...new Set([...after.keys(), ...before.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .filter((path) => after.has(path) || !ADDED.some((added) => added.test(path)))
    .sort()
    .map((path) => ({ path, is: before.get(path), shouldBe: after.get(path) }))
}

function flat(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null)) {
    if (value.length > 0) into.set(prefix, value.map(String).join(', '))
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) flat(one, prefix === '' ? key : `${prefix}.${key}`, into)
  } else if (value !== undefined && value !== null) into.set(prefix, String(value))
  return into
}

export function differenceText({ path, is, shouldBe }: Difference): string[] {
  return [
    ...(is === undefined ? [] : [`- ${path}: ${is}`]),
    ...(shouldBe === undefined ? [] : [`+ ${path}: ${shouldBe}`]),
  ]
}
