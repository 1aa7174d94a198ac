import { describe, expect, it } from 'vitest'
import { PATTERN_REACH, patternFault, wholePattern } from './pattern.ts'

describe('patterns of integrations', () => {
  it.each([
    ['(a+)+b', 'a group that repeats without bound'],
    ['(?:a|a)*', 'a group that repeats without bound'],
    ['(?:(?:a|a){8}){8}', 'a repeated group in a repeated group'],
    ['.*a.*b.*c', '3 repeats with an ambiguous end'],
    ['(?:x.*){3}', '3 repeats with an ambiguous end'],
    ['(?=a)b', 'a look-around'],
    ['(?<!a)b', 'a look-around'],
    ['(a)\\1', 'a reference back'],
    ['(?<x>a)\\k<x>', 'a reference back'],
    ['(a', 'no regular expression'],
  ])('%s is refused', (pattern, why) => {
    expect(patternFault(pattern)).toContain(why)
  })

  it.each([
    '(?<event>Failed Login) \\((?<attempt>\\d+)/(?<max>\\d+)\\)',
    '(?<time>\\w+ +\\d+ [\\d:]+) (?<host>\\S+) (?<program>[^ :[]+)(?:\\[(?<pid>\\d+)\\])?: (?<text>.*)',
    '(?<browser>.+) on (?<os>.+)',
    '"[^"\\\\]*" \\p{L}+ \\u{1f600} [\\]x-z]+',
  ])('%s is taken', (pattern) => {
    expect(patternFault(pattern)).toBeNull()
  })

  it('what is taken takes no time out of proportion, on text made to hurt', () => {
    const pattern = '(?<a>.*)x(?<b>.*)x(?<c>[^x]*)'
    expect(patternFault(pattern)).toBeNull()
    const { exec } = wholePattern(pattern)
    // The test measures processor time, not elapsed time: other processes may use the machine.
    const begun = process.cpuUsage()
    expect(exec('x'.repeat(PATTERN_REACH - 1).concat('\n'))).not.toBeNull()
    expect(exec('y'.repeat(PATTERN_REACH))).toBeNull()
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2000)
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['(?:un)?locked', ['locked', 'unlocked'], ['x', '']],
    [' *(?<n>\\d+)', [' 1', '1'], ['a', ' ']],
    ['(?<all>.*)', ['', '\u00e4', '\n'], []],
    ['(?<greek>[\u03b1-\u03c9]+)', ['\u03b2'], ['b']],
    ['(?:)(?<sign>[^a-z])(?:x|\\.)?', ['A', '\u{1f600}', 'Ax'], ['a', 'xA']],
    ['\\b(?<word>\\w+)', ['word'], ['-']],
  ])('what %s fits does not hang on how the text begins', (pattern, fitting, others) => {
    const { exec } = wholePattern(pattern)
    const expression = new RegExp(`^(?:${pattern})$`, 'su')
    for (const text of [...fitting, ...others]) {
      expect(exec(text) !== null).toBe(expression.test(text))
      expect(exec(text) !== null).toBe(fitting.includes(text))
    }
  })

  it('groups are told by their names, whatever else is in brackets', () => {
    const { exec } = wholePattern('(\\(|[(?<a>)])?(?<b>x+)(?:(?<c>y)|(?<d>z))')
    expect(exec('(xxz')).toEqual([
      ['b', 'xx'],
      ['d', 'z'],
    ])
    expect(exec('<xy')).toEqual([
      ['b', 'x'],
      ['c', 'y'],
    ])
  })

  it('longer text is not tried', () => {
    const { exec } = wholePattern('(?<all>a*)')
    expect(exec('a'.repeat(PATTERN_REACH))).toEqual([['all', 'a'.repeat(PATTERN_REACH)]])
    expect(exec('a'.repeat(PATTERN_REACH + 1))).toBeNull()
  })
})
