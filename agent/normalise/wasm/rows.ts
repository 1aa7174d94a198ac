/** The rows in which the kernel returns the places of a record's values, eight numbers each; `kernel.as.ts` has the same constants. */
export const KIND = {
  string: 1,
  number: 2,
  true: 3,
  false: 4,
  null: 5,
  object: 6,
  array: 7,
} as const

export const ROW_BYTES = 32
/** The positions of a row's numbers after the first, which is its kind. */
export const FROM = 1
export const TO = 2
export const KEY_FROM = 3
export const KEY_TO = 4
export const NODE = 5
export const NEXT = 6
export const ESCAPED = 7
/** The size of a row. The index of its first number identifies it. */
export const ROW = 8
