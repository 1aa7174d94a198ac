declare module 'wawoff2/build/decompress_binding.js' {
  const decoder: {
    /** Called when its WebAssembly has begun. */
    onRuntimeInitialized: () => void
    readonly calledRun?: boolean
    /** The font as TrueType, in memory that the next call uses again; false if it is none. */
    decompress: (bytes: Uint8Array) => ArrayLike<number> | false
  }
  export default decoder
}
