import { readFileSync } from 'node:fs'

/** By file: compiled once a thread. */
const compiled = new Map<string, WebAssembly.Module>()

/** The kernel in this file, at work on this memory; `names` are all its functions. */
export function kernelOver<Kernel extends object>(
  file: URL,
  memory: WebAssembly.Memory,
  names: readonly (keyof Kernel & string)[],
): Kernel {
  let module = compiled.get(file.href)
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(file))
    compiled.set(file.href, module)
  }
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  if (!offers<Kernel>(exports, names)) throw new Error('kernel.wasm is not of this version')
  return exports
}

function offers<Kernel extends object>(
  exports: object,
  names: readonly (keyof Kernel & string)[],
): exports is Kernel {
  const functions: Readonly<Record<string, unknown>> = { ...exports }
  return names.every((name) => typeof functions[name] === 'function')
}
