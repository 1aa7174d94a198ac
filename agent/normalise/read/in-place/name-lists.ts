import type { Memory } from '../../wasm/memory.ts'

/** Longer names are in no list. */
const LONGEST = 31

/** A list of names in the memory, by length, as the kernel looks them up: where those of a length stand, and how many. */
export function nameList(memory: Memory, names: Iterable<string>): number {
  const all = [...names].map((name) => Buffer.from(name))
  if (all.some(({ length }) => length > LONGEST)) throw new Error('a name is longer than the kernel looks up')
  const list = memory.numbersOf((LONGEST + 1) * 2)
  for (let length = 0; length <= LONGEST; length++) {
    const these = all.filter((name) => name.length === length)
    list[length * 2] = memory.keep(Buffer.concat(these))
    list[length * 2 + 1] = these.length
  }
  return list.byteOffset
}

/** Texts in the memory: of each where it stands, and its length. */
export function pieces(memory: Memory, texts: readonly string[]): number {
  const list = memory.numbersOf(texts.length * 2)
  texts.forEach((text, i) => {
    const bytes = Buffer.from(text)
    list[i * 2] = memory.keep(bytes)
    list[i * 2 + 1] = bytes.length
  })
  return list.byteOffset
}
