import { FLAG } from '../../integration/flags.ts'
import type { Header } from './header.ts'
import { headerTime, type TimeContext } from './timestamp.ts'

/** A Cisco device's sequence number: `35: `, `000123: `. */
const SEQUENCE = /^\d{1,10}: /
/** `host: ` in front of the time, as Cisco devices with `logging origin-id` write it. */
const HOST_BEFORE_TIME =
  /^([A-Za-z0-9][\w.-]{0,254}|[0-9A-Fa-f:.]{2,45}): {1,2}(?=[*.]?[A-Z][a-z]{2} |[*.]?\d{4} )/
const HOST = /^[A-Za-z0-9][\w.:-]{0,254}$/
/** The program, its process in brackets, and the colon after them. */
const TAG = /^([^\s:[\]<>"'=,;(){}]{1,128})(?:\[([^\]\s]{1,64})\])?(?:: ?|(?=\[)| ?-: )/
/** The tags that `programOf` knows: with the PAM module, in parentheses, with a bracket too many, and the title of login. */
const ODD_TAG =
  /^([\w.-]{1,128}\(pam_\w{1,64}\)|\([\w.-]{1,128}\)|[\w.-]{1,128}\](?=[:[])|-- [\w.-]{1,64}(?=\[))(?:\[(\d{1,10})\])?: /
/** A Cisco facility, severity and mnemonic: `%SYS-5-CONFIG_I: `. */
const MNEMONIC = /^%([A-Z0-9_]+(?:-[A-Z0-9_]+)*)-([0-7])-([A-Z0-9_]+): ?/
const REPEATED = /^(?:last message repeated |message repeated )/
/** Other formats: their first word looks like a tag. */
const BELONGS_TO_BODY = /^(?:CEF|LEEF)$/

/** Reads the text after the priority by RFC 3164 and by the habits of senders that ignore it. There is always a message. */
export function readRfc3164(text: string, from: number, context: TimeContext): Header {
  let at = from
  const rest = (): string => text.slice(at)
  let hostname: string | null = null
  let msgid: string | null = null

  // This check is cheap: a regular expression for a rare case would cost more than the rest.
  const sequence = isDigit(text.charCodeAt(at)) ? SEQUENCE.exec(rest()) : null
  // A number and a colon alone begin some text; before a time, or before a host and a time, they are a sequence number.
  if (sequence !== null) {
    const behind = text.slice(at + sequence[0].length)
    const isHeader =
      HOST_BEFORE_TIME.test(behind) || headerTime(behind, context) !== null || behind[0] === '%'
    if (isHeader) at += sequence[0].length
  }
  const named = HOST_BEFORE_TIME.exec(rest())
  if (named !== null) {
    hostname = named[1]!
    at += named[0].length
  }
  const time = headerTime(rest(), context)
  if (time === null && named !== null) {
    hostname = null
    at -= named[0].length
  }
  if (time !== null) {
    at += time.end
    if (text[at] === ':' && text[at + 1] === ' ') {
      // Cisco: a colon ends the time, and no host follows.
      at += 2
    } else {
      while (text[at] === ' ') at++
      const space = text.indexOf(' ', at)
      const word = space === -1 ? '' : text.slice(at, space)
      if (
        hostname === null &&
        word !== '' &&
        HOST.test(word) &&
        !word.endsWith(':') &&
        !REPEATED.test(rest())
      ) {
        hostname = word
        at = space + 1
        while (text[at] === ' ') at++
        // Cisco ASA puts the colon after the host.
        if (text[at] === ':' && text[at + 1] === ' ') at += 2
      }
    }
  }

  let appname: string | null = null
  let procid: string | null = null
  let body = rest()
  const mnemonic = body.startsWith('%') ? MNEMONIC.exec(body) : null
  if (mnemonic !== null) {
    appname = `%${mnemonic[1]}`
    msgid = mnemonic[3]!
  } else {
    const tag = TAG.exec(body) ?? ODD_TAG.exec(body)
    if (tag !== null && isProgram(tag[1]!) && !(time === null && isUrl(body, tag[0].length))) {
      appname = tag[1]!
      procid = tag[2] ?? null
      if (!BELONGS_TO_BODY.test(appname)) body = body.slice(tag[0].length).replace(/^ /, '')
    }
  }
  const nothing = time === null && appname === null
  return {
    version: null,
    time: time?.time ?? null,
    hostname,
    appname,
    procid,
    msgid,
    data: null,
    body,
    flags: nothing ? FLAG.syslog_unparsed : 0,
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Whether a word is a program: a bare number, or a clock's `10:00`, is not. */
const isProgram = (word: string): boolean => /[A-Za-z]/.test(word)
const isUrl = (text: string, end: number): boolean => text.startsWith('//', end)
