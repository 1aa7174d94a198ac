// A row: kind, start and end of the value (a string's without its quotes), start and end of its key, node of its name, row behind it,
// whether a string has an escape. `rows.ts` has the same.
export const ROW: i32 = 32
export const FROM: usize = 4
export const TO: usize = 8
export const KEY_FROM: usize = 12
export const KEY_TO: usize = 16
export const NODE: usize = 20
export const NEXT: usize = 24
export const ESCAPED: usize = 28

export const STRING: i32 = 1
export const NUMBER: i32 = 2
export const TRUE: i32 = 3
export const FALSE: i32 = 4
export const NULL: i32 = 5
export const OBJECT: i32 = 6
export const ARRAY: i32 = 7
