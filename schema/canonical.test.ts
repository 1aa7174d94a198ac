import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, isCanonicalText } from './canonical.ts'

const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE(0)

describe('canonical JSON, by the vectors of RFC 8785', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('the double %s is %s (appendix B)', (bits, text) => {
    expect(canonical(double(bits))).toBe(text)
  })

  it('NaN and Infinity are refused (appendix B)', () => {
    expect(() => canonical(double('7fffffffffffffff'))).toThrow(TypeError)
    expect(() => canonical(double('7ff0000000000000'))).toThrow(TypeError)
  })

  it('the sample of section 3.2.2 and 3.2.3 comes out as printed there', () => {
    const sample: unknown = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    )
    expect(canonical(sample)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('members are sorted by UTF-16 code units (section 3.2.3)', () => {
    const members = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = [...canonical(members).matchAll(/:"([^"]+)"/g)].map((match) => match[1])
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })
})

describe('canonical JSON', () => {
  it('of any JSON value says the same value, and is its own canonical form', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = canonical(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonical(JSON.parse(text))).toBe(text)
      }),
    )
  })

  it('is refused for a lone surrogate, in a value or in a name', () => {
    expect(() => canonical('\ud800')).toThrow(/surrogate/)
    expect(() => canonical({ '\udc00': 1 })).toThrow(/surrogate/)
  })
})

describe('whether a text is canonical', () => {
  const plainly = (text: string): boolean => {
    try {
      return canonical(JSON.parse(text)) === text
    } catch {
      return false
    }
  }

  it('is said as by writing it anew, of any JSON as it may be written', () => {
    const written = fc.oneof(
      fc.json(),
      fc.json().map((text) => canonical(JSON.parse(text))),
      fc
        .dictionary(
          fc.constantFrom('1', '9', '10', 'a', 'Z', '__proto__', 'ä', '\u{1F600}', '\uFB00'),
          fc.json(),
        )
        .map(
          (members) =>
            `{${Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${value}`)}}`,
        ),
    )
    fc.assert(
      fc.property(written, (text) => {
        expect(isCanonicalText(JSON.parse(text), text)).toBe(plainly(text))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    '{"b":1,"a":2}',
    '{"a":1.0}',
    '{"a":"\\ud800"}',
    '{"\\ud800":1}',
    '{"9":2,"10":1}',
    '{"a":1e400}',
    '{ }',
  ])('is no for %s', (text) => {
    expect(isCanonicalText(JSON.parse(text), text)).toBe(false)
  })

  it('is yes where V8 has the members in another order than the text', () => {
    expect(isCanonicalText(JSON.parse('{"10":1,"9":2}'), '{"10":1,"9":2}')).toBe(true)
  })
})
