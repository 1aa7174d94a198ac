/** SHA-256 (FIPS 180-4) of four messages side by side, one in each 32 bits of a vector. */

const WORDS: i32 = 16
const ROUNDS: i32 = 64

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

/** The block at hand, 16 vectors, as its schedule grows: 64. */
export const SCHEDULE: usize = memory.data(64 * 16, 16)
/** The eight words of the four hashes at hand. */
export const STATE: usize = memory.data(8 * 16, 16)

/** Four words, the bytes of each the other way round. */
@inline
export function swapped(four: v128): v128 {
  return i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

@inline
function turned(word: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(word, by), i32x4.shl(word, 32 - by))
}

/** The first 32 bits of the fractions of the square roots of the first 8 primes (FIPS 180-4, 5.3.3). */
const H: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

export function initial(word: i32): u32 {
  return load<u32>(changetype<usize>(H) + (word << 2))
}

/** All four begin anew. */
export function begin(): void {
  for (let word = 0; word < 8; word++) store<v128>(STATE + (word << 4), i32x4.splat(initial(word)))
}

/** Takes the block that stands in the schedule into the state (FIPS 180-4, 6.2.2). */
export function compress(): void {
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
  let differed = v128.xor(b, c)
  for (let t = 0; t < ROUNDS; t++) {
    const big1 = v128.xor(v128.xor(turned(e, 6), turned(e, 11)), turned(e, 25))
    const chosen = v128.xor(g, v128.and(e, v128.xor(f, g)))
    const given = i32x4.add(v128.load32_splat(constants + (t << 2)), load<v128>(SCHEDULE + (t << 4)))
    const first = i32x4.add(i32x4.add(h, big1), i32x4.add(chosen, given))
    const big0 = v128.xor(v128.xor(turned(a, 2), turned(a, 13)), turned(a, 22))
    // What most of a, b and c say: b, unless a and c both say otherwise. How a and b differ is how b and c will, in the next round.
    const differs = v128.xor(a, b)
    const most = v128.xor(b, v128.and(differs, differed))
    differed = differs
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
