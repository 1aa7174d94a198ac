/** One value that is other than it should be; undefined where it is not there. */
export interface Difference {
  readonly path: string
  readonly is: string | undefined
  readonly shouldBe: string | undefined
}

/** What a cluster adds to what it was given, and which means nothing. */
const ADDED = [
  /(^|\.)allow_restricted_indices$/,
  /(^|\.)transient_metadata\./,
  /(^|\.)delete\.actions\.delete\.delete_searchable_snapshot$/,
  /(^|\.)(created|modified)_date(_millis)?$/,
  /(^|\.)_meta\./,
]

/** Where two definitions differ, value by value. Numbers and texts that say the same are the same: settings come back as texts. */
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
