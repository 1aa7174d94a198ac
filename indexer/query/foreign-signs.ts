import { namedField, nearestName } from './field-names.ts'
import type { Word } from './reader.ts'

/**
 * Signs that other query languages use, and that this one would take for words: `user = bob` would find every event with the word "user" or
 * the word "bob". A person who writes them means something else, so they are refused with what to write instead.
 */
export interface ForeignSign {
  readonly word: Word
  readonly sentence: string
  readonly expected: string
  readonly suggestion?: string | undefined
}

const COMPARISON = /^(?:={1,3}|!={1,2}|=~|!~|~|:=)$/
const JOINED = /^([A-Za-z@_][\w@.-]*)(={1,3}|!={1,2}|=~|!~)(.*)$/s
const CONNECTIVES: Readonly<Record<string, string>> = { '&&': 'and', '&': 'and', '||': 'or', '|': 'or' }
const AS_TEXT = 'put it in quotes to find it as text'

/** The first of them among the words of a text without a field. */
export function foreignSign(words: readonly Word[]): ForeignSign | undefined {
  for (const [i, word] of words.entries()) {
    const text = word.parts.join('*')
    const connective = CONNECTIVES[text]
    if (connective !== undefined)
      return {
        word,
        sentence: `Conditions are joined by words: write \`${connective}\` in place of ${text}, or ${AS_TEXT}`,
        expected: `\`${connective}\``,
        suggestion: connective,
      }
    if (COMPARISON.test(text)) return compared(word, text, words[i - 1], words[i + 1])
    const [, name, sign, value] = JOINED.exec(text) ?? []
    if (name !== undefined && sign !== undefined && namedField(name) !== undefined)
      return asked(word, name, sign, value || textOf(words[i + 1]))
  }
  return undefined
}

/** A value that begins with a comparison: `user: = bob`. */
export const leadingComparison = (words: readonly Word[]): Word | undefined =>
  words.length > 1 && words[0] !== undefined && COMPARISON.test(words[0].parts.join('*'))
    ? words[0]
    : undefined

function compared(word: Word, sign: string, before: Word | undefined, after: Word | undefined): ForeignSign {
  const said = textOf(before)
  const name = said === undefined || namedField(said) !== undefined ? said : (nearestName(said) ?? said)
  return asked(word, name ?? 'user', sign, textOf(after))
}

function asked(word: Word, name: string, sign: string, value: string | undefined): ForeignSign {
  const condition = `${sign.startsWith('!') ? 'not ' : ''}${name}: ${value ?? '…'}`
  return {
    word,
    sentence: `A field and its value are joined by a colon: write ${condition} in place of ${sign}, or ${AS_TEXT}`,
    expected: ':',
    suggestion: value === undefined ? undefined : condition,
  }
}

const textOf = (word: Word | undefined): string | undefined => {
  const text = word?.parts.join('*')
  return text === undefined || text.length > 60 ? undefined : text
}
