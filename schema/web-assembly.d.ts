/** What of WebAssembly is used here; the compiler's own definitions come only with those of a browser. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    readonly buffer: ArrayBuffer
    /** By so many pages of 64 KiB; views of the buffer before are views of nothing. */
    grow(pages: number): number
    /** In pages of 64 KiB. */
    constructor(size: { readonly initial: number; readonly maximum: number })
  }
  class Instance {
    readonly exports: object
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } })
  }
}
