import type { Members } from '../payload.ts'

/** What a format makes of the text of one record: its members, or a sentence that says what is wrong and where. */
export type Understood =
  | { readonly members: Members; readonly flags: number; readonly problem?: undefined }
  | { readonly problem: string }
  /** No record: a header in the middle of a file that was written by several. */
  | null

export interface Format {
  /** A new slice begins; `header` is what the file's first record says, null where the slice begins with it (or the format has none). */
  begin(header: string | null): void
  read(text: string): Understood
}
