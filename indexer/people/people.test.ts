import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openEmbeddedStore } from '../store/index.ts'
import { temporaryFolders } from '../store/testing/batches.ts'
import { readPeople } from './index.ts'
import { knowsPeople } from './testing/promises.ts'

const folders = temporaryFolders()
afterAll(() => folders.remove())

describe('in the embedded store', () => {
  knowsPeople({
    make: async () => folders.make(),
    open: (path) => openEmbeddedStore({ path }),
    settled: async () => {},
  })
})

describe('the operator’s list', () => {
  const read = (text: string) => {
    const file = join(folders.make(), 'people.yml')
    writeFileSync(file, text)
    return readPeople(file)
  }

  it('names people and their accounts', () => {
    const list = read(`people:
  - id: jane
    name: Jane Doe
    accounts:
      - { email: jane@x.example }
      - { system: linux-auth, user: jdoe }
      - { system: github, id: "9009" }
`)
    expect(list).toEqual([
      {
        id: 'jane',
        name: 'Jane Doe',
        accounts: [
          { kind: 'email', value: 'jane@x.example' },
          { kind: 'name', system: 'linux-auth', value: 'jdoe' },
          { kind: 'id', system: 'github', value: '9009' },
        ],
      },
    ])
  })

  it.each([
    ['people:\n  - { id: a b, name: A, accounts: [{ email: a@x }] }', /people\.yml:2: .*without blanks/],
    [
      'people:\n  - { id: a, name: A, accounts: [{ mail: a@x }] }',
      /people\.yml:2: .*unknown key "mail" \(did you mean "email"/,
    ],
    [
      'people:\n  - { id: a, name: A, accounts: [{ email: a@x }] }\n  - { id: b, name: B, accounts: [{ email: A@x }] }',
      /people\.yml:3: .*this account is a's, too/,
    ],
  ])('says what is wrong in it, and where: %s', (text, problem) => {
    expect(() => read(text)).toThrow(problem)
  })

  it('that is not there is an error with the remedy', () => {
    expect(() => readPeople(join(folders.make(), 'none.yml'))).toThrow(
      'Name another file with people in indexer.yml.',
    )
  })
})
