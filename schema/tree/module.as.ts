import { begin, compress, SCHEDULE, STATE, swapped } from './sha256.as'
export { hashesEnd, leaves } from './leaves.as'

/**
 * A level of a Merkle tree, in AssemblyScript: SHA-256(0x01 ‖ left ‖ right) of four pairs at a time, one in each 32 bits of a vector. A
 * node has 65 bytes, so nearly all that a call of a hash costs is the call. `npm run kernels` compiles it to `module.wasm`.
 */

const HASH: i32 = 32
const PAIR: i32 = 64
const LANES: i32 = 4
const WORDS: i32 = 16
const BITS: i32 = 65 * 8

/** Hashes this many pairs that stand one behind the other; the hashes take the place of the first of them. */
export function level(at: i32, pairs: i32): void {
  for (let pair = 0; pair < pairs; pair += LANES) {
    const from = at + pair * PAIR
    begin()
    // 0x01 and all but the last byte of the pair: each word stands one byte earlier than a word of the pair.
    store<v128>(SCHEDULE, v128.or(v128.and(words(from - 1), i32x4.splat(0x00ffffff)), i32x4.splat(0x01000000)))
    for (let word = 1; word < WORDS; word++) store<v128>(SCHEDULE + (word << 4), words(from + word * 4 - 1))
    // The last byte, and the padding. It must be read before the first hash is written.
    const last = v128.or(v128.and(i32x4.shl(words(from + PAIR - 4), 24), i32x4.splat(0xff000000)), i32x4.splat(0x00800000))
    compress()
    store<v128>(SCHEDULE, last)
    for (let word = 1; word < WORDS - 1; word++) store<v128>(SCHEDULE + (word << 4), i32x4.splat(0))
    store<v128>(SCHEDULE + ((WORDS - 1) << 4), i32x4.splat(BITS))
    compress()
    write(at + pair * HASH, pairs - pair)
  }
}

/** The four pairs' words at this place, most significant byte first. */
@inline
function words(at: i32): v128 {
  let four = v128.load32_zero(at)
  four = v128.load32_lane(at + PAIR, four, 1)
  four = v128.load32_lane(at + 2 * PAIR, four, 2)
  four = v128.load32_lane(at + 3 * PAIR, four, 3)
  return swapped(four)
}

/** The hashes of as many of the four pairs as there are. */
function write(out: i32, count: i32): void {
  for (let word: i32 = 0; word < 8; word++) {
    const four = swapped(load<v128>(STATE + (word << 4)))
    const at = out + (word << 2)
    v128.store32_lane(at, four, 0)
    if (count > 1) v128.store32_lane(at + HASH, four, 1)
    if (count > 2) v128.store32_lane(at + 2 * HASH, four, 2)
    if (count > 3) v128.store32_lane(at + 3 * HASH, four, 3)
  }
}
