/** The rows in which the kernel says where the values of a record stand, eight numbers each; `kernel.as.ts` has the same. */
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
/** Places of a row's numbers behind the first, its kind. */
export const FROM = 1
export const TO = 2
export const KEY_FROM = 3
export const KEY_TO = 4
export const NODE = 5
export const NEXT = 6
export const ESCAPED = 7
/** A row is known by the index of its first number. */
export const ROW = 8
