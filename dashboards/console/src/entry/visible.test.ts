import { describe, expect, it } from 'vitest'
import { visible } from './visible.ts'

describe('an original line on a screen', () => {
  it('shows control characters and ANSI sequences as signs', () => {
    expect(visible('a\u001b[31mred\u0000\u007f')).toBe('a␛[31mred␀␡')
  })

  it('shows marks that would turn or hide text by their number', () => {
    expect(visible('user\u202egnp.exe\u200b\ufeff')).toBe('user‹U+202E›gnp.exe‹U+200B›‹U+FEFF›')
  })

  it('leaves text, tabs and line ends as they are', () => {
    expect(visible('Bäckerei 北斗\t1\n2')).toBe('Bäckerei 北斗\t1\n2')
  })
})
