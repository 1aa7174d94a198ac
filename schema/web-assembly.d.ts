/** The parts of WebAssembly that are used here; the compiler has its own definitions only together with those of a browser. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    readonly buffer: ArrayBuffer
    /** Grows by this many pages of 64 KiB; earlier views of the buffer become empty. */
    grow(pages: number): number
    /** Sizes in pages of 64 KiB. */
    constructor(size: { readonly initial: number; readonly maximum: number })
  }
  class Instance {
    readonly exports: object
    constructor(module: Module, imports?: { readonly env: { readonly memory: Memory } })
  }
}
