/**
 * A level of a Merkle tree, in AssemblyScript: SHA-256(0x01 ‖ left ‖ right) of four pairs at a time, one in each 32 bits of a vector. A
 * node has 65 bytes, so nearly all that a call of a hash costs is the call. `npm run kernels` compiles it to `kernel.wasm`.
 */

const HASH: i32 = 32
const PAIR: i32 = 64
const LANES: i32 = 4
const WORDS: i32 = 16
const ROUNDS: i32 = 64
const BITS: i32 = 65 * 8

/** The first 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const K: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]

/** The message of the block at hand, as its schedule grows: 64 vectors. */
const SCHEDULE: usize = memory.data(64 * 16, 16)
/** The eight words of the state: of the four hashes at hand. */
const STATE: usize = memory.data(8 * 16, 16)

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

@inline
function swapped(four: v128): v128 {
  return i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

@inline
function turned(word: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(word, by), i32x4.shl(word, 32 - by))
}

function begin(): void {
  store<v128>(STATE, i32x4.splat(0x6a09e667))
  store<v128>(STATE, i32x4.splat(0xbb67ae85), 16)
  store<v128>(STATE, i32x4.splat(0x3c6ef372), 32)
  store<v128>(STATE, i32x4.splat(0xa54ff53a), 48)
  store<v128>(STATE, i32x4.splat(0x510e527f), 64)
  store<v128>(STATE, i32x4.splat(0x9b05688c), 80)
  store<v128>(STATE, i32x4.splat(0x1f83d9ab), 96)
  store<v128>(STATE, i32x4.splat(0x5be0cd19), 112)
}

/** Takes the block that stands in the schedule into the state (FIPS 180-4, 6.2.2). */
function compress(): void {
  for (let t = WORDS; t < ROUNDS; t++) {
    const at = SCHEDULE + (t << 4)
    const two = load<v128>(at - 2 * 16)
    const fifteen = load<v128>(at - 15 * 16)
    const small1 = v128.xor(v128.xor(turned(two, 17), turned(two, 19)), i32x4.shr_u(two, 10))
    const small0 = v128.xor(v128.xor(turned(fifteen, 7), turned(fifteen, 18)), i32x4.shr_u(fifteen, 3))
    store<v128>(
      at,
      i32x4.add(i32x4.add(small1, load<v128>(at - 7 * 16)), i32x4.add(small0, load<v128>(at - 16 * 16))),
    )
  }
  let a = load<v128>(STATE)
  let b = load<v128>(STATE, 16)
  let c = load<v128>(STATE, 32)
  let d = load<v128>(STATE, 48)
  let e = load<v128>(STATE, 64)
  let f = load<v128>(STATE, 80)
  let g = load<v128>(STATE, 96)
  let h = load<v128>(STATE, 112)
  const constants = changetype<usize>(K)
  for (let t = 0; t < ROUNDS; t++) {
    const big1 = v128.xor(v128.xor(turned(e, 6), turned(e, 11)), turned(e, 25))
    const chosen = v128.xor(g, v128.and(e, v128.xor(f, g)))
    const given = i32x4.add(v128.load32_splat(constants + (t << 2)), load<v128>(SCHEDULE + (t << 4)))
    const first = i32x4.add(i32x4.add(h, big1), i32x4.add(chosen, given))
    const big0 = v128.xor(v128.xor(turned(a, 2), turned(a, 13)), turned(a, 22))
    const most = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)))
    h = g
    g = f
    f = e
    e = i32x4.add(d, first)
    d = c
    c = b
    b = a
    a = i32x4.add(first, i32x4.add(big0, most))
  }
  add(0, a)
  add(16, b)
  add(32, c)
  add(48, d)
  add(64, e)
  add(80, f)
  add(96, g)
  add(112, h)
}

@inline
function add(word: usize, value: v128): void {
  store<v128>(STATE + word, i32x4.add(load<v128>(STATE + word), value))
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
