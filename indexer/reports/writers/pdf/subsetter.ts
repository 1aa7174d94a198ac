import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What HarfBuzz's subsetter exports; each is a function of C. */
interface Subsetter {
  readonly memory: WebAssembly.Memory
  _initialize: () => void
  malloc: (bytes: number) => number
  free: (at: number) => void
  hb_blob_create: (data: number, length: number, mode: number, user: number, destroy: number) => number
  hb_blob_destroy: (blob: number) => void
  hb_blob_get_data: (blob: number, length: number) => number
  hb_blob_get_length: (blob: number) => number
  hb_face_create: (blob: number, index: number) => number
  hb_face_destroy: (face: number) => void
  hb_face_reference_blob: (face: number) => number
  hb_set_add: (set: number, value: number) => void
  hb_subset_input_create_or_fail: () => number
  hb_subset_input_destroy: (input: number) => void
  hb_subset_input_glyph_set: (input: number) => number
  hb_subset_input_set: (input: number, which: number) => number
  hb_subset_input_set_flags: (input: number, flags: number) => void
  hb_subset_input_pin_axis_location: (input: number, face: number, axis: number, value: number) => number
  hb_subset_or_fail: (face: number, input: number) => number
}

const WRITABLE = 2
const NO_HINTING = 1
const RETAIN_GLYPH_IDS = 2
const NO_LAYOUT_CLOSURE = 0x200
const DROP_TABLES = 3
const WEIGHT = tag('wght')
/** A PDF has its own map of characters, and its texts are shaped already. */
const DROPPED = ['GSUB', 'GPOS', 'GDEF', 'DSIG', 'BASE', 'STAT', 'MATH', 'vhea', 'vmtx', 'VORG'].map(tag)

function tag(name: string): number {
  return Buffer.from(name).readUInt32BE(0)
}

let loaded: Subsetter | null = null

function subsetter(): Subsetter {
  if (loaded === null) {
    const path = createRequire(import.meta.url).resolve('harfbuzzjs/dist/harfbuzz-subset.wasm')
    const made = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)))
    loaded = made.exports as object as Subsetter
    loaded._initialize()
  }
  return loaded
}

/** A font of one weight with these glyphs only; they keep their numbers. */
export function subsetOf(font: Uint8Array, weight: number, glyphs: Iterable<number>): Uint8Array {
  const hb = subsetter()
  const at = hb.malloc(font.length)
  new Uint8Array(hb.memory.buffer, at, font.length).set(font)
  const blob = hb.hb_blob_create(at, font.length, WRITABLE, 0, 0)
  const face = hb.hb_face_create(blob, 0)
  const input = hb.hb_subset_input_create_or_fail()
  let subset = 0
  let content = 0
  try {
    hb.hb_subset_input_set_flags(input, NO_HINTING | RETAIN_GLYPH_IDS | NO_LAYOUT_CLOSURE)
    const wanted = hb.hb_subset_input_glyph_set(input)
    hb.hb_set_add(wanted, 0)
    for (const glyph of glyphs) hb.hb_set_add(wanted, glyph)
    const dropped = hb.hb_subset_input_set(input, DROP_TABLES)
    for (const table of DROPPED) hb.hb_set_add(dropped, table)
    if (hb.hb_subset_input_pin_axis_location(input, face, WEIGHT, weight) === 0)
      throw new Error('a font has no weights')
    subset = hb.hb_subset_or_fail(face, input)
    if (subset === 0) throw new Error('a font can not be reduced to the glyphs that are used')
    content = hb.hb_face_reference_blob(subset)
    const start = hb.hb_blob_get_data(content, 0)
    return new Uint8Array(hb.memory.buffer, start, hb.hb_blob_get_length(content)).slice()
  } finally {
    if (content !== 0) hb.hb_blob_destroy(content)
    if (subset !== 0) hb.hb_face_destroy(subset)
    hb.hb_subset_input_destroy(input)
    hb.hb_face_destroy(face)
    hb.hb_blob_destroy(blob)
    hb.free(at)
  }
}
