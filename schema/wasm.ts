import { readFileSync } from 'node:fs'

/** The compiled modules by file: one compilation per thread. */
const compiled = new Map<string, WebAssembly.Module>()

/** Instantiates the module in this file with this memory; `names` are all its functions. */
export function wasmOver<Wasm extends object>(
  file: URL,
  memory: WebAssembly.Memory,
  names: readonly (keyof Wasm & string)[],
): Wasm {
  let module = compiled.get(file.href)
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(file))
    compiled.set(file.href, module)
  }
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  if (!offers<Wasm>(exports, names)) throw new Error('module.wasm is not of this version')
  return exports
}

function offers<Wasm extends object>(
  exports: object,
  names: readonly (keyof Wasm & string)[],
): exports is Wasm {
  const functions: Readonly<Record<string, unknown>> = { ...exports }
  return names.every((name) => typeof functions[name] === 'function')
}
