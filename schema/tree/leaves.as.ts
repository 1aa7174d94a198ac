import { begin, compress, initial, SCHEDULE, STATE, swapped } from './sha256.as'

/**
 * The leaves of a Merkle tree: SHA-256(0x00 ‖ line) of the lines of NDJSON, four at a time. Each of the four lanes takes the next line as soon as it is
 * done with one, so that none waits for the longest.
 */

const HASH: i32 = 32
const BLOCK: i32 = 64
const LANES: i32 = 4
const NEWLINE: u8 = 0x0a
/** What must stand behind a message: a bit, and its length in 64 bits. */
const PADDING: i32 = 9

/** The end of each lane's message, padded: two blocks at most. */
const ENDS: usize = memory.data(LANES * 2 * BLOCK, 16)

// Of each lane: where its next block stands; how many stand there one behind the other; how many follow at its end; where its hash belongs.
const PLACES: usize = memory.data(LANES * 4, 16)
const BLOCKS: usize = memory.data(LANES * 4, 16)
const FOLLOWING: usize = memory.data(LANES * 4, 16)
const HASHES: usize = memory.data(LANES * 4, 16)

let next: i32 = 0
let until: i32 = 0
let hashes: i32 = 0
let most: i32 = 0

/**
 * Hashes the lines from here to there, as many as there is room for hashes, and gives where the first stands that is left. The byte before each line is
 * written over; up to 15 bytes behind the last are read.
 */
export function leaves(from: i32, to: i32, out: i32, outEnd: i32): i32 {
  next = from
  until = to
  hashes = out
  most = outEnd
  begin()
  let busy: i32 = 0
  for (let lane = 0; lane < LANES; lane++) {
    if (take(lane)) busy++
    else rest(lane)
  }
  while (busy > 0) {
    let run = i32.MAX_VALUE
    for (let lane = 0; lane < LANES; lane++) run = min(run, load<i32>(BLOCKS + (lane << 2)))
    for (let at = 0; at < run * BLOCK; at += BLOCK) {
      gather(at)
      compress()
    }
    for (let lane = 0; lane < LANES; lane++) {
      const at = <usize>(lane << 2)
      if (load<i32>(HASHES + at) == 0) continue
      const left = load<i32>(BLOCKS + at) - run
      store<i32>(BLOCKS + at, left)
      store<i32>(PLACES + at, load<i32>(PLACES + at) + run * BLOCK)
      if (left > 0) continue
      if (load<i32>(FOLLOWING + at) > 0) {
        toEnd(lane)
        continue
      }
      write(lane)
      if (take(lane)) continue
      rest(lane)
      busy--
    }
  }
  return next
}

/** Behind the hashes that were written last. */
export function hashesEnd(): i32 {
  return hashes
}

/** Gives the next line to this lane, if there is one. */
function take(lane: i32): bool {
  if (next >= until || hashes >= most) return false
  const to = lineEnd(next)
  const start = next - 1
  next = to + 1
  store<u8>(start, 0)
  const length = to - start
  const whole = length / BLOCK
  const over = length - whole * BLOCK
  const end = ENDS + lane * 2 * BLOCK
  const ending = over + PADDING > BLOCK ? 2 : 1
  memory.fill(end, 0, 2 * BLOCK)
  memory.copy(end, start + whole * BLOCK, over)
  store<u8>(end + over, 0x80)
  store<u64>(end + ending * BLOCK - 8, bswap<u64>(<u64>length << 3))
  const at = <usize>(lane << 2)
  store<i32>(PLACES + at, start)
  store<i32>(BLOCKS + at, whole)
  store<i32>(FOLLOWING + at, ending)
  store<i32>(HASHES + at, hashes)
  hashes += HASH
  if (whole == 0) toEnd(lane)
  return true
}

function toEnd(lane: i32): void {
  const at = <usize>(lane << 2)
  store<i32>(PLACES + at, <i32>ENDS + lane * 2 * BLOCK)
  store<i32>(BLOCKS + at, load<i32>(FOLLOWING + at))
  store<i32>(FOLLOWING + at, 0)
}

/** A lane without a line hashes whatever stands behind its place, for nobody, and holds nobody up. */
function rest(lane: i32): void {
  const at = <usize>(lane << 2)
  store<i32>(PLACES + at, <i32>ENDS)
  store<i32>(BLOCKS + at, i32.MAX_VALUE)
  store<i32>(HASHES + at, 0)
}

function lineEnd(from: i32): i32 {
  const newline = i8x16.splat(NEWLINE)
  for (let at = from; at < until; at += 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(at), newline))
    if (marks != 0) return min(at + ctz(marks), until)
  }
  return until
}

/** Puts the lanes' blocks side by side into the schedule: word by word, most significant byte first. */
function gather(offset: i32): void {
  const first: usize = load<i32>(PLACES) + offset
  const second: usize = load<i32>(PLACES, 4) + offset
  const third: usize = load<i32>(PLACES, 8) + offset
  const fourth: usize = load<i32>(PLACES, 12) + offset
  for (let at: usize = 0; at < <usize>BLOCK; at += 16) {
    const a = v128.load(first + at)
    const b = v128.load(second + at)
    const c = v128.load(third + at)
    const d = v128.load(fourth + at)
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
    const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
    const out = SCHEDULE + (at << 2)
    store<v128>(out, swapped(v128.shuffle<i64>(ab, cd, 0, 2)))
    store<v128>(out, swapped(v128.shuffle<i64>(ab, cd, 1, 3)), 16)
    store<v128>(out, swapped(v128.shuffle<i64>(ab2, cd2, 0, 2)), 32)
    store<v128>(out, swapped(v128.shuffle<i64>(ab2, cd2, 1, 3)), 48)
  }
}

/** Writes a lane's hash, and has the lane begin anew. */
function write(lane: i32): void {
  const out: usize = load<i32>(HASHES + (lane << 2))
  for (let word = 0; word < 8; word++) {
    const at = STATE + (word << 4) + (lane << 2)
    store<u32>(out + (word << 2), bswap<u32>(load<u32>(at)))
    store<u32>(at, initial(word))
  }
}
