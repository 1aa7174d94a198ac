import type { FormatName } from '../../integration/integration.ts'
import type { Format } from '../formats/index.ts'

/** Reads records of a form that is not JSON where they stand in the memory. */
export interface Form {
  /** Writes down as JSON what a record says; where that ends, or -1 where it has to be read as a text. */
  read(from: number, to: number, out: number): number
  /** Writes down what stands in the record in some code, for words in it to be seen; where that ends. */
  decoded?(from: number, to: number, out: number): number
}

/** What is known of an input. */
export interface Input {
  readonly formats: readonly FormatName[]
  readonly format: Format
  /** Whether a column holds secrets, by its name: its rows are masked before they are read. */
  hasSecretColumn(columns: readonly string[]): boolean
}
