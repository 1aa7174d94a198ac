/** Reads records of a form that is not JSON where they stand in the memory. */
export interface Form {
  /** Writes down as JSON what a record says; where that ends, or -1 where the plain way must read it. */
  read(from: number, to: number, out: number): number
  /** Writes down what stands in the record in some code, for words in it to be seen; where that ends. */
  decoded?(from: number, to: number, out: number): number
}
