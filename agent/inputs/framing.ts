/**
 * Where one record ends and the next begins. The tailer uses it to cut slices of whole records, the worker to take them
 * apart: one definition, so that both see the same records.
 */
export type Framing =
  /** A record a line. */
  | { readonly kind: 'lines' }
  /** A record begins at a line that matches; lines that don't belong to the record before. */
  | { readonly kind: 'start'; readonly pattern: string }
  /** JSON values one behind the other, each over one or many lines. */
  | { readonly kind: 'json' }
  /** CSV by RFC 4180: a quoted field may hold newlines. */
  | { readonly kind: 'csv'; readonly quote: string }
