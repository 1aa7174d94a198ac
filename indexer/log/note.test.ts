import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkpointText, readCheckpoint } from './checkpoint.ts'
import {
  NoteError,
  noteOf,
  openNote,
  readVerifierKey,
  type SignatureType,
  type SigningKey,
  signatureLine,
  splitNote,
  verifierKey,
  verifierKeyText,
} from './note.ts'

const signer = (name: string, type: SignatureType): SigningKey => {
  const { publicKey, privateKey } = type.startsWith('ml-dsa-44')
    ? generateKeyPairSync('ml-dsa-44')
    : generateKeyPairSync('ed25519')
  return {
    verifier: verifierKey(name, type, publicKey),
    sign: async (message) => sign(null, message, privateKey),
  }
}

/** The reason for which a note is not believed. */
const refusalOf = (work: () => unknown): NoteError['reason'] | null => {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof NoteError) return error.reason
    throw error
  }
}

describe('the examples of the specifications', () => {
  it('signed-note: the verifier key verifies the note', () => {
    const key = readVerifierKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
    const note =
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
    expect(openNote(note, [key])).toMatchObject({
      text: 'This is an example message.\n',
      signatures: [{ key, time: null }],
    })
    expect(verifierKeyText(key)).toBe('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  })

  it('tlog-checkpoint: the text is read and written alike', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    const checkpoint = readCheckpoint(text)
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(checkpointText(checkpoint)).toBe(text)
  })

  it("tlog-cosignature: the example's lines are taken apart, its time among them", () => {
    const note =
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
      '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'
    const { lines } = splitNote(note)
    expect(lines.map(({ name, signature }) => [name, signature.length])).toEqual([
      ['example.com/behind-the-sofa', 64],
      ['witness.example.com/w1', 72],
    ])
    // The text of the same page says 1679315147.
    expect(lines[1]!.signature.readBigUInt64BE()).toBe(1_679_315_147n)
  })
})

describe('a note', () => {
  const TEXT = checkpointText({ origin: 'logs.example/a', size: 7, root: Buffer.alloc(32, 1) })

  it.each(['ed25519', 'ed25519-cosignature', 'ml-dsa-44-cosignature', 'ml-dsa-44-note'] as const)(
    'signed with %s is opened with its key, and not after any change',
    async (type) => {
      const key = signer('logs.example/a', type)
      const note = noteOf(TEXT, [await signatureLine(TEXT, key, 1_700_000_000)])
      const read = readVerifierKey(verifierKeyText(key.verifier))
      const time = type.endsWith('cosignature') ? 1_700_000_000 : null
      expect(openNote(note, [read])).toMatchObject({ text: TEXT, signatures: [{ time }] })
      for (const changed of [
        note.replace('\n7\n', '\n8\n'),
        note.replace('logs.example/a\n', 'logs.example/b\n'),
      ])
        expect(refusalOf(() => openNote(changed, [read]))).toBe('wrong-signature')
      const other = signer('logs.example/a', type).verifier
      expect(refusalOf(() => openNote(note, [other]))).toBe('unknown-keys')
    },
  )

  it('is refused if one trusted key signed wrongly, and the signatures of unknown keys are ignored', async () => {
    const [one, two] = [signer('a.example', 'ed25519'), signer('b.example', 'ed25519')]
    const lines = [await signatureLine(TEXT, one, 0), await signatureLine(TEXT, two, 0)]
    const note = noteOf(TEXT, lines)
    expect(openNote(note, [two.verifier]).signatures.map(({ line }) => line)).toEqual([lines[1]])
    const foreign = await signatureLine('another text\n', two, 0)
    const bad = noteOf(TEXT, [lines[0]!, foreign])
    expect(openNote(bad, [one.verifier]).signatures.length).toBe(1)
    expect(refusalOf(() => openNote(bad, [one.verifier, two.verifier]))).toBe('wrong-signature')
  })

  it('counts a key once, however often it signed', async () => {
    const key = signer('a.example', 'ed25519')
    const line = await signatureLine(TEXT, key, 0)
    expect(openNote(noteOf(TEXT, [line, line]), [key.verifier]).signatures.length).toBe(1)
  })

  it('of a wrong form is refused: control characters, no signatures, bad base64, names with spaces or plus signs', async () => {
    const key = signer('a.example', 'ed25519')
    const line = await signatureLine(TEXT, key, 0)
    const bad = [
      '',
      TEXT,
      `${TEXT}\n`,
      `${TEXT}\n${line.trimEnd()}`,
      `${TEXT}\n${line}\n`,
      `${TEXT.replace('7', '7\r')}\n${line}`,
      `${TEXT}\n${line.replace('— ', '- ')}`,
      `${TEXT}\n${line.replace('a.example', 'a+example')}`,
      `${TEXT}\n${line.replace('a.example', 'a example')}`,
      `${TEXT}\n${line.replace('=\n', '\n')}`,
      `${TEXT}\n— a.example AAAA\n`,
      `${TEXT}\n${line.repeat(101)}`,
    ]
    for (const note of bad)
      expect(
        refusalOf(() => openNote(note, [key.verifier])),
        JSON.stringify(note),
      ).toBe('malformed')
    expect(refusalOf(() => openNote(noteOf(TEXT, [line]), [key.verifier]))).toBeNull()
  })

  it('is never made with a key that is another than its public half', async () => {
    const key = signer('a.example', 'ed25519')
    const other = signer('a.example', 'ed25519')
    await expect(signatureLine(TEXT, { ...key, sign: other.sign }, 0)).rejects.toThrow('does not use the key')
  })

  it('has a key with another id only if something changed it', () => {
    const text = verifierKeyText(signer('a.example', 'ed25519').verifier)
    for (const bad of [
      text.replace('a.example', 'b.example'),
      text.slice(0, -4),
      `${text}AAAA`,
      'a+b',
      text.replace('+A', '+B'),
    ])
      expect(
        refusalOf(() => readVerifierKey(bad)),
        bad,
      ).toBe('malformed')
  })
})

it('a checkpoint of a wrong form is refused', () => {
  const root = Buffer.alloc(32).toString('base64')
  const bad = [
    '',
    'a\n1\n',
    `a\n1\n${root}`,
    `a\n01\n${root}\n`,
    `a\n-1\n${root}\n`,
    `a\n1e3\n${root}\n`,
    `a\n99999999999999999999\n${root}\n`,
    `\n1\n${root}\n`,
    `a\n1\n${root.slice(4)}\n`,
    `a\n1\n${root}\n\n`,
  ]
  for (const text of bad)
    expect(
      refusalOf(() => readCheckpoint(text)),
      JSON.stringify(text),
    ).toBe('malformed')
  expect(readCheckpoint(`a\n1\n${root}\nsomething else\n`).size).toBe(1)
})
