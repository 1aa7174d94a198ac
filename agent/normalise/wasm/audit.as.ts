import { closed, isListed, isPlainName, member, NONE, piece } from './records.as'
import { areSame, copy, escaped, holds } from './text.as'

// What is known of audit records, at `known` (`audit-events.ts` writes it): lists of names, and pieces of JSON.
const UNTRUSTED: usize = 0
const ACCOMPANYING: usize = 4
const RESERVED: usize = 8
const PIECES: usize = 12
/** In their order: the members that are written here, each begun with its name and the quote of its value. */
const TIME: i32 = 0
const AUDIT_ID: i32 = 1
const NODE: i32 = 2
const TYPE: i32 = 3
const RECORDS: i32 = 4
const COMMAND: i32 = 5
const TEXT: i32 = 6
const SOCKET_ADDRESS: i32 = 7
const SOCKET_PORT: i32 = 8
const PATH: i32 = 9
const PATH_KIND: i32 = 10
const PATHS: i32 = 11
const ENRICHED_NAMES: i32 = 12

// Of a line: what it is, where its type stands, where its pairs do.
const MOST_LINES: i32 = 32
const LINE: i32 = 20
const USUAL: i32 = 0
const PATH_RECORD: i32 = 1
const EXECVE: i32 = 2
const SOCKADDR: i32 = 3

// An entry: name, value, whether auditd looked it up, whether it is the second of its name, the next of its place.
const MOST_ENTRIES: i32 = 256
const ENTRY: i32 = 28
const PLACES: i32 = 256
const MOST_PATHS: i32 = 16
const PATH_ENTRY: i32 = 16

let known: usize = 0
let until: i32 = 0
let heads: i32 = 0
let lines: i32 = 0
let lineCount: i32 = 0
let entries: i32 = 0
let entryCount: i32 = 0
let paths: i32 = 0
let pathCount: i32 = 0
/** Room for values that stand otherwise in the record, for the command, and for words. */
const ROOM: i32 = 24 * 1024
let spare: i32 = 0
let at: i32 = 0
let mode: i32 = 0
let hasCommand: bool = false
let commandFrom: i32 = 0
let commandTo: i32 = 0
let commandIsMine: bool = false
let hasArgument: bool = false
let hasText: bool = false
let textFrom: i32 = 0
let textTo: i32 = 0
let textIsMine: bool = false
let socket: i32 = 0
let socketIsMine: bool = false

/**
 * Writes an event of the audit system, one or several records, as the JSON object that `formats/auditd.ts` makes of it; `room` is for
 * what is found meanwhile. Gives where the object ends, or -1 wherever that is unsure: what a program wrote in no ASCII, changes,
 * sockets of other kinds.
 */
export function readAudit(about: usize, room: i32, from: i32, end: i32, out: i32): i32 {
  // Of NULs and of what is no UTF-8 (U+FFFD begins so), and of keys set apart by 0x01, the other side knows.
  if (holds(from, end, 0, 1) || holds(from, end, 0xef, 0xef)) return NONE
  known = about
  until = end
  heads = room
  memory.fill(heads, 0, PLACES << 2)
  lines = heads + (PLACES << 2)
  lineCount = 0
  entries = lines + MOST_LINES * LINE
  entryCount = 0
  paths = entries + MOST_ENTRIES * ENTRY
  pathCount = 0
  commandFrom = paths + MOST_PATHS * PATH_ENTRY
  commandTo = commandFrom
  textFrom = commandFrom + ROOM
  textTo = textFrom
  spare = textFrom + ROOM
  hasCommand = false
  hasArgument = false
  hasText = false
  socket = 0
  at = out
  store<u8>(at++, 0x7b)
  if (!readLines(from)) return NONE
  const named = namedLine()
  writeHead(named)
  if (!readLine(named)) return NONE
  for (let line = 0; line < lineCount; line++) if (line != named && !readLine(line)) return NONE
  finish(out)
  return at
}

/** The line at hand: where time, serial and node stand. */
let timeFrom: i32 = 0
let timeTo: i32 = 0
let serialTo: i32 = 0
let nodeFrom: i32 = 0
let nodeTo: i32 = 0

function readLines(from: i32): bool {
  let start = from
  while (start < until) {
    let newline = start
    while (newline < until && load<u8>(newline) != 0x0a) newline++
    const end = newline > start && load<u8>(newline - 1) == 0x0d ? newline - 1 : newline
    if (end > start) {
      if (lineCount == MOST_LINES) return false
      const line = lines + lineCount * LINE
      const behind = head(start, end, line)
      if (behind == NONE) return false
      store<i32>(line, behind, 8)
      store<i32>(line, end, 12)
      store<i32>(line, kindOf(load<i32>(line), load<i32>(line, 4)), 16)
      if (lineCount++ == 0) {
        const node = nodeFrom
        const nodeEnd = nodeTo
        at = text(TIME, timeFrom, timeTo)
        at = text(AUDIT_ID, timeFrom, serialTo)
        if (nodeEnd > node) at = text(NODE, node, nodeEnd)
      }
    }
    start = newline + 1
  }
  return lineCount > 0
}

/** `node=web-1 type=SYSCALL msg=audit(1777593802.687:8000): ` */
function head(from: i32, end: i32, line: i32): i32 {
  let i = from
  nodeFrom = 0
  nodeTo = 0
  // node=
  if (i + 5 < end && load<u32>(i) == 0x65646f6e && load<u8>(i + 4) == 0x3d) {
    nodeFrom = i + 5
    nodeTo = word(nodeFrom, end)
    if (nodeTo == nodeFrom) return NONE
    i = nodeTo + 1
  }
  // type=
  if (i + 5 >= end || load<u32>(i) != 0x65707974 || load<u8>(i + 4) != 0x3d) return NONE
  store<i32>(line, i + 5)
  const typeTo = word(i + 5, end)
  if (typeTo == i + 5) return NONE
  store<i32>(line, typeTo, 4)
  i = typeTo + 1
  // msg=audit(
  if (i + 10 >= end || load<u64>(i) != 0x6964_7561_3d67_736d || load<u16>(i + 8) != 0x2874) return NONE
  timeFrom = i + 10
  i = digits(timeFrom, end)
  if (i == timeFrom) return NONE
  if (i < end && load<u8>(i) == 0x2e) {
    const fraction = i + 1
    i = digits(fraction, end)
    if (i == fraction) return NONE
  }
  timeTo = i
  if (i >= end || load<u8>(i) != 0x3a) return NONE
  const serial = i + 1
  i = digits(serial, end)
  serialTo = i
  // ):
  if (i == serial || i + 2 > end || load<u16>(i) != 0x3a29) return NONE
  i += 2
  return i < end && load<u8>(i) == 0x20 ? i + 1 : i
}

/** Behind a word of ASCII that a blank ends; where it begins if it is none. */
function word(from: i32, end: i32): i32 {
  let i = from
  while (i < end && load<u8>(i) != 0x20) i++
  return i < end && isPlainName(from, i) ? i : from
}

function digits(from: i32, end: i32): i32 {
  let i = from
  while (i < end && load<u8>(i) - 0x30 < 10) i++
  return i
}

function kindOf(from: i32, to: i32): i32 {
  const length = to - from
  // PATH
  if (length == 4 && load<u32>(from) == 0x48544150) return PATH_RECORD
  // EXECVE
  if (length == 6 && load<u32>(from) == 0x43455845 && load<u16>(from + 4) == 0x4556) return EXECVE
  // SOCKADDR
  return length == 8 && load<u64>(from) == 0x52444441_4b434f53 ? SOCKADDR : USUAL
}

/** The record that the event is named after. */
function namedLine(): i32 {
  const accompanying: usize = load<i32>(known, ACCOMPANYING)
  let call = 0
  let hasCall = false
  for (let i = 0; i < lineCount; i++) {
    const line = lines + i * LINE
    const from = load<i32>(line)
    const to = load<i32>(line, 4)
    if (!isListed(accompanying, from, to)) return i
    // SYSCALL
    if (!hasCall && to - from == 7 && load<u32>(from) == 0x43535953 && load<u32>(from + 3) == 0x4c4c4143) {
      hasCall = true
      call = i
    }
  }
  return call
}

function writeHead(named: i32): void {
  const line = lines + named * LINE
  at = text(TYPE, load<i32>(line), load<i32>(line, 4))
  if (lineCount == 1) return
  at = piece(load<i32>(known, PIECES), RECORDS, at)
  for (let i = 0; i < lineCount; i++) {
    const one = lines + i * LINE
    if (i > 0) store<u8>(at++, 0x20)
    at = escaped(load<i32>(one), load<i32>(one, 4), at)
  }
  at = ended()
}

function text(index: i32, from: i32, to: i32): i32 {
  at = escaped(from, to, piece(load<i32>(known, PIECES), index, at))
  return ended()
}

/** Behind the text at hand: its quote and a comma. */
function ended(): i32 {
  store<u16>(at, 0x2c22)
  return at + 2
}

/** Where the object of the path record at hand begins. */
let object: i32 = 0
let pathEntry: i32 = 0

function readLine(index: i32): bool {
  const line = lines + index * LINE
  const from = load<i32>(line, 8)
  const end = load<i32>(line, 12)
  mode = load<i32>(line, 16)
  commandIsMine = false
  textIsMine = false
  socketIsMine = false
  if (mode == PATH_RECORD) {
    if (pathCount == MOST_PATHS) return false
    pathEntry = paths + pathCount++ * PATH_ENTRY
    store<i32>(pathEntry, 0)
    store<i32>(pathEntry, 0, 8)
    at = pathCount == 1 ? piece(load<i32>(known, PIECES), PATHS, at) : at
    object = at
    store<u8>(at++, 0x7b)
  } else if (mode == EXECVE && !hasCommand) {
    hasCommand = true
    commandIsMine = true
  }
  let split = from
  while (split < end && load<u8>(split) != 0x1d) split++
  if (!pairs(from, split, false)) return false
  if (split < end && !pairs(split + 1, end, true)) return false
  if (mode == PATH_RECORD) {
    at = closed(object, at)
    store<u8>(at++, 0x2c)
  }
  return true
}

function pairs(start: i32, end: i32, isEnriched: bool): bool {
  let i = start
  while (i < end) {
    while (i < end && load<u8>(i) == 0x20) i++
    const begin = i
    while (i < end && load<u8>(i) != 0x3d && load<u8>(i) != 0x20) i++
    if (i == begin) {
      i++
      continue
    }
    if (i >= end || load<u8>(i) != 0x3d) {
      if (mode == USUAL) addWord(begin, i)
      continue
    }
    const nameTo = i++
    if (!isPlainName(begin, nameTo)) return false
    const first: u8 = i < until ? load<u8>(i) : 0
    if (first == 0x27) {
      // What a program says of itself. A command in it may hold such a quote, too.
      let close = end - 1
      while (close > i && load<u8>(close) != 0x27) close--
      if (close <= i) close = end
      if (!pairs(i + 1, close, isEnriched)) return false
      i = close + 1
      continue
    }
    if (first == 0x22 || first == 0x7b) {
      const sign: u8 = first == 0x22 ? 0x22 : 0x7d
      let close = i + 1
      while (close < end && load<u8>(close) != sign) close++
      if (close > end) close = end
      if (!pair(begin, nameTo, min(i + 1, close), close, isEnriched)) return false
      i = close + 1
      continue
    }
    const from = i
    while (i < end && load<u8>(i) != 0x20) i++
    if (isCoded(begin, nameTo, from, i)) {
      const decodedFrom = spare
      if (!decode(begin, nameTo, from, i)) return false
      const decodedTo = spare
      if (!pair(begin, nameTo, decodedFrom, decodedTo, isEnriched)) return false
    } else if (!pair(begin, nameTo, from, i, isEnriched)) return false
  }
  return true
}

/** Whether a value may stand in hexadecimal digits by its name, and does. */
function isCoded(nameFrom: i32, nameTo: i32, from: i32, to: i32): bool {
  const length = to - from
  if (length == 0 || (length & 1) == 1) return false
  for (let i = from; i < to; i++) {
    if (!isCapitalHex(load<u8>(i))) return false
  }
  if (isArgument(nameFrom, nameTo)) return mode == EXECVE
  return isListed(load<i32>(known, UNTRUSTED), nameFrom, nameTo)
}

/** `a0`, `a1`; those in pieces (`a2[0]`) have been declined. */
function isArgument(from: i32, to: i32): bool {
  return to - from > 1 && load<u8>(from) == 0x61 && digits(from + 1, to) == to
}

/** False where what comes out is no ASCII. */
function decode(nameFrom: i32, nameTo: i32, from: i32, to: i32): bool {
  // key
  const isKey = nameTo - nameFrom == 3 && load<u16>(nameFrom) == 0x656b && load<u8>(nameFrom + 2) == 0x79
  const isOfCommand = mode == EXECVE
  const start = spare
  let end = to
  // Behind a title are NULs, between its arguments too.
  if (!isOfCommand && !isKey) while (end > from && load<u16>(end - 2) == 0x3030) end -= 2
  for (let i = from; i < end; i += 2) {
    let byte: u8 = (digitOf(load<u8>(i)) << 4) | digitOf(load<u8>(i + 1))
    if (byte >= 0x80) return false
    if (byte == 1 && isKey) {
      store<u16>(spare, 0x202c)
      spare += 2
      continue
    }
    if (byte == 0) {
      if (isKey) return false
      byte = 0x20
    }
    store<u8>(spare++, byte)
  }
  // Of a value that had NULs behind it nobody would know any more that it was more than nothing.
  return end == to || !isNothing(start, spare)
}

function digitOf(sign: u8): u8 {
  return sign < 0x41 ? sign - 0x30 : sign - 0x37
}

/** How the kernel and auditd write that there is nothing. */
function isNothing(from: i32, to: i32): bool {
  const length = to - from
  if (length == 0) return true
  const first = load<u8>(from)
  if (length == 1) return first == 0x3f
  // -1
  if (length == 2) return load<u16>(from) == 0x312d
  // unset
  if (length == 5) return load<u32>(from) == 0x65736e75 && load<u8>(from + 4) == 0x74
  // (null), (none)
  if (length == 6) {
    if (first != 0x28 || load<u8>(from + 5) != 0x29) return false
    const inner = load<u32>(from + 1)
    return inner == 0x6c6c756e || inner == 0x656e6f6e
  }
  // 4294967295
  return length == 10 && load<u64>(from) == 0x32373639_34393234 && load<u16>(from + 8) == 0x3539
}

function pair(nameFrom: i32, nameTo: i32, from: i32, to: i32, isEnriched: bool): bool {
  const length = nameTo - nameFrom
  const isOld = length >= 3 && load<u16>(nameFrom) == 0x6c6f && load<u8>(nameFrom + 2) == 0x64
  // What was before: changes.
  if (isOld && !isEnriched && !isNothing(from, to)) return false
  if (mode == EXECVE) return argument(nameFrom, nameTo, from, to)
  if (mode == SOCKADDR) return isEnriched || address(nameFrom, nameTo, from, to)
  if (isNothing(from, to)) return true
  if (mode == PATH_RECORD) return ofPath(nameFrom, nameTo, from, to, isEnriched)
  if (!isEnriched && isListed(load<i32>(known, RESERVED), nameFrom, nameTo)) return false
  // ..._2
  if (length > 2 && load<u16>(nameTo - 2) == 0x325f) return false
  return add(nameFrom, nameTo, from, to, isEnriched)
}

/** The first record that says something is believed; a later one that says something else is kept beside it. */
function add(nameFrom: i32, nameTo: i32, from: i32, to: i32, isEnriched: bool): bool {
  let hash: i32 = isEnriched ? 1 : 0
  for (let i = nameFrom; i < nameTo; i++) hash = hash * 31 + load<u8>(i)
  const place = heads + (((hash ^ (hash >>> 9)) & (PLACES - 1)) << 2)
  let isSecond = false
  for (let entry = load<i32>(place); entry != 0; entry = load<i32>(entry, 24)) {
    if (load<i32>(entry, 16) != i32(isEnriched)) continue
    if (!areSame(load<i32>(entry), load<i32>(entry, 4), nameFrom, nameTo)) continue
    // There is a second of this name already; it stands before the first.
    if (load<i32>(entry, 20) == 1) {
      isSecond = true
      continue
    }
    if (isSecond || areSame(load<i32>(entry, 8), load<i32>(entry, 12), from, to)) return true
    isSecond = true
  }
  if (entryCount == MOST_ENTRIES) return false
  const entry = entries + entryCount++ * ENTRY
  store<i32>(entry, nameFrom)
  store<i32>(entry, nameTo, 4)
  store<i32>(entry, from, 8)
  store<i32>(entry, to, 12)
  store<i32>(entry, i32(isEnriched), 16)
  store<i32>(entry, i32(isSecond), 20)
  store<i32>(entry, load<i32>(place), 24)
  store<i32>(place, entry)
  return true
}

/** Words of the first record that has any: `avc: denied { read } for`. */
function addWord(from: i32, to: i32): void {
  if (!hasText) {
    hasText = true
    textIsMine = true
  } else if (!textIsMine) return
  if (textTo > textFrom) store<u8>(textTo++, 0x20)
  textTo = copy(from, to, textTo)
}

function argument(nameFrom: i32, nameTo: i32, from: i32, to: i32): bool {
  // `a2[0]`: long ones in pieces.
  if (nameTo > nameFrom && load<u8>(nameTo - 1) == 0x5d) return false
  if (!commandIsMine || !isArgument(nameFrom, nameTo)) return true
  if (hasArgument) store<u8>(commandTo++, 0x20)
  hasArgument = true
  commandTo = copy(from, to, commandTo)
  return true
}

function ofPath(nameFrom: i32, nameTo: i32, from: i32, to: i32, isEnriched: bool): bool {
  const length = nameTo - nameFrom
  // Nearly no file has capabilities, and each path says so five times: cap_f
  const isCapability = length >= 5 && load<u32>(nameFrom) == 0x5f706163 && load<u8>(nameFrom + 4) == 0x66
  if (isCapability && to - from == 1 && load<u8>(from) == 0x30) return true
  if (isEnriched) {
    store<u8>(at++, 0x22)
    for (let i = nameFrom; i < nameTo; i++) {
      const byte = load<u8>(i)
      store<u8>(at++, byte - 0x41 < 26 ? byte | 0x20 : byte)
    }
    // _name":"
    store<u64>(at, 0x223a22_656d616e_5f)
    at = escaped(from, to, at + 8)
    at = ended()
    return true
  }
  // name
  if (length == 4 && load<u32>(nameFrom) == 0x656d616e) {
    if (load<i32>(pathEntry) != 0) return false
    store<i32>(pathEntry, from)
    store<i32>(pathEntry, to, 4)
  }
  // nametype
  if (length == 8 && load<u64>(nameFrom) == 0x65707974_656d616e) {
    if (load<i32>(pathEntry, 8) != 0) return false
    store<i32>(pathEntry, from, 8)
    store<i32>(pathEntry, to, 12)
  }
  at = member(nameFrom, nameTo, from, to, at)
  return true
}

/** IPv4 alone. */
function address(nameFrom: i32, nameTo: i32, from: i32, to: i32): bool {
  // saddr
  if (nameTo - nameFrom != 5 || load<u32>(nameFrom) != 0x64646173 || load<u8>(nameFrom + 4) != 0x72) return true
  // The first of a record counts, and of two records the later.
  if (socketIsMine) return true
  if (socket != 0) return false
  socketIsMine = true
  if (to - from < 16 || to - from > 256 || ((to - from) & 1) == 1) return false
  for (let i = from; i < to; i++) {
    if (!isCapitalHex(load<u8>(i))) return false
  }
  // 0200: little-endian
  if (load<u32>(from) != 0x30303230) return false
  socket = from
  return true
}

function byteAt(from: i32): u32 {
  return (<u32>digitOf(load<u8>(from)) << 4) | digitOf(load<u8>(from + 1))
}

function decimal(number: u32): void {
  let power: u32 = 1
  while (number / power >= 10) power *= 10
  for (; power > 0; power /= 10) store<u8>(at++, <u8>(0x30 + ((number / power) % 10)))
}

function finish(out: i32): void {
  const pieces: usize = load<i32>(known, PIECES)
  // Lists and objects were written with a comma behind each.
  if (pathCount > 0) {
    store<u8>(at - 1, 0x5d)
    store<u8>(at++, 0x2c)
    takePath()
  }
  if (hasCommand) at = text(COMMAND, commandFrom, commandTo)
  if (hasText) at = text(TEXT, textFrom, textTo)
  if (socket != 0) {
    at = piece(pieces, SOCKET_ADDRESS, at)
    for (let i = 0; i < 4; i++) {
      if (i > 0) store<u8>(at++, 0x2e)
      decimal(byteAt(socket + 8 + i * 2))
    }
    at = ended()
    at = piece(pieces, SOCKET_PORT, at)
    decimal((byteAt(socket + 4) << 8) | byteAt(socket + 6))
    at = ended()
  }
  let isLookedUp = false
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + i * ENTRY
    if (load<i32>(entry, 16) == 1) isLookedUp = true
    else if (!(hasCommand && isTitle(entry))) writeEntry(entry)
  }
  if (isLookedUp) {
    at = piece(pieces, ENRICHED_NAMES, at)
    const object = at
    store<u8>(at++, 0x7b)
    for (let i = 0; i < entryCount; i++) {
      const entry = entries + i * ENTRY
      if (load<i32>(entry, 16) == 1) writeEntry(entry)
    }
    at = closed(object, at)
    store<u8>(at++, 0x2c)
  }
  at = closed(out, at)
}

/** Whether it is the title, and says what the command says. */
function isTitle(entry: i32): bool {
  const from = load<i32>(entry)
  return (
    load<i32>(entry, 4) - from == 9 &&
    load<i32>(entry, 20) == 0 &&
    load<u64>(from) == 0x6c746974_636f7270 &&
    load<u8>(from + 8) == 0x65 &&
    areSame(load<i32>(entry, 8), load<i32>(entry, 12), commandFrom, commandTo)
  )
}

function writeEntry(entry: i32): void {
  const nameTo = load<i32>(entry, 4)
  if (load<i32>(entry, 20) == 0) {
    at = member(load<i32>(entry), nameTo, load<i32>(entry, 8), load<i32>(entry, 12), at)
    return
  }
  store<u8>(at, 0x22)
  at = escaped(load<i32>(entry), nameTo, at + 1)
  // _2":"
  store<u32>(at, 0x3a22325f)
  store<u8>(at, 0x22, 4)
  at = escaped(load<i32>(entry, 8), load<i32>(entry, 12), at + 5)
  at = ended()
}

/** The first path that is not the folder of another. A relative one is where the process was. */
function takePath(): void {
  let main = paths
  for (let i = 0; i < pathCount; i++) {
    const path = paths + i * PATH_ENTRY
    if (load<i32>(path) == 0 || isParent(load<i32>(path, 8), load<i32>(path, 12))) continue
    main = path
    break
  }
  let from = load<i32>(main)
  const to = load<i32>(main, 4)
  if (from != 0) {
    at = piece(load<i32>(known, PIECES), PATH, at)
    const folder = to > from && load<u8>(from) == 0x2f ? 0 : workingFolder()
    if (folder != 0) {
      const folderFrom = load<i32>(folder, 8)
      const folderTo = load<i32>(folder, 12)
      at = escaped(folderFrom, folderTo, at)
      if (folderTo == folderFrom || load<u8>(folderTo - 1) != 0x2f) store<u8>(at++, 0x2f)
      // ./
      if (to - from >= 2 && load<u16>(from) == 0x2f2e) from += 2
    }
    at = escaped(from, to, at)
    at = ended()
  }
  const kind = load<i32>(main, 8)
  if (kind != 0) at = text(PATH_KIND, kind, load<i32>(main, 12))
}

/** PARENT */
function isParent(from: i32, to: i32): bool {
  return from != 0 && to - from == 6 && load<u32>(from) == 0x45524150 && load<u16>(from + 4) == 0x544e
}

function workingFolder(): i32 {
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + i * ENTRY
    const name = load<i32>(entry)
    // cwd
    if (
      load<i32>(entry, 16) == 0 &&
      load<i32>(entry, 20) == 0 &&
      load<i32>(entry, 4) - name == 3 &&
      load<u16>(name) == 0x7763 &&
      load<u8>(name + 2) == 0x64
    )
      return entry
  }
  return 0
}

/**
 * Writes what stands in hexadecimal digits, a text a line behind an empty one, where it may be looked through; gives where it ends. Of values that are
 * longer than numbers: those are coded that anyone may have chosen.
 */
export function codedTexts(from: i32, end: i32, out: i32): i32 {
  let at = out
  store<u8>(at++, 0x0a)
  for (let i = from; i < end; i++) {
    if (load<u8>(i) != 0x3d) continue
    let to = i + 1
    while (to < end && isCapitalHex(load<u8>(to))) to++
    const length = to - i - 1
    if (length < 8 || (length & 1) == 1 || !isEnd(to, end)) continue
    for (let k = i + 1; k < to; k += 2) store<u8>(at++, (digitOf(load<u8>(k)) << 4) | digitOf(load<u8>(k + 1)))
    store<u8>(at++, 0x0a)
  }
  return at == out + 1 ? out : at
}

function isCapitalHex(byte: u8): bool {
  return byte - 0x30 < 10 || byte - 0x41 < 6
}

function isEnd(place: i32, end: i32): bool {
  if (place == end) return true
  const byte = load<u8>(place)
  return byte == 0x20 || byte == 0x27 || byte == 0x0a || byte == 0x1d
}
