import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waybill } from '../../indexer/cli/testing/command.ts'
import { type EvidenceSource, readPolicy, verify } from '../../indexer/log/verify/index.ts'
import { openEvidence } from '../../indexer/open-evidence.ts'
import { openEmbeddedStore } from '../../indexer/store/index.ts'
import type { EvidenceReport, Finding } from '../../schema/api/index.ts'
import { type Attack, KEY_ATTACKS, STORE_ATTACKS } from './attacks.ts'
import { inControl } from './files.ts'
import { copyOf, MIDDLE, makeWorld, type World } from './world.ts'

let world: World
let end: () => Promise<void> = async () => {}
beforeAll(async () => {
  ;({ world, end } = await makeWorld())
}, 120_000)
afterAll(() => end())

async function verified(store: string, ...more: string[]): Promise<{ code: number; report: EvidenceReport }> {
  const { code, out, err } = await waybill(['verify', '--store', store, '--format', 'json', ...more], {})
  if (out === '') throw new Error(err)
  return { code, report: JSON.parse(out) as EvidenceReport }
}

const wrong = ({ findings }: EvidenceReport): Finding[] =>
  findings.filter(({ weight }) => weight !== 'explained')

test('a store that nobody touched is sound, and what is missing by policy is explained', async () => {
  const { code, report } = await verified(world.store)
  expect(wrong(report)).toEqual([])
  expect(code).toBe(0)
  expect(report).toMatchObject({ verdict: 'sound', duplicates: 1, deadLetters: 1, expired: 4 })
  expect(report.findings).toMatchObject([{ kind: 'expired', events: 4, partition: 'view-2026-01-01' }])
  expect(report.proved).toBe(report.waybills)
})

const attacked = async ({ attack, finds, withPolicy }: Attack): Promise<void> => {
  const target = await copyOf(world)
  try {
    await attack(target)
    const { code, report } = await verified(
      target.store,
      ...(withPolicy === true ? ['--policy', target.policy] : []),
    )
    const found = wrong(report)
    expect(found).toEqual(finds(target).map((one) => expect.objectContaining(one)))
    const isWrong = found.some(({ weight }) => weight === 'wrong')
    expect(code).toBe(isWrong ? 1 : found.length > 0 ? 2 : 0)
  } finally {
    await target.remove()
  }
}

describe('with root on the indexer', () => {
  test.each(STORE_ATTACKS)('$name', attacked)
})

describe('with root on the indexer and stolen keys', () => {
  test.each(KEY_ATTACKS)('$name', attacked)
})

describe('a verification that is interrupted', () => {
  test('goes on where it was, and comes to the same report', async () => {
    const target = await copyOf(world)
    const resume = join(target.store, 'progress')
    try {
      for (const { name, attack } of STORE_ATTACKS)
        if (['an event is edited', 'a dead letter is edited'].includes(name)) await attack(target)
      const policy = await readPolicy(target.policy)
      const real = await openEvidence({ store: target.store })
      let pages = 0
      const paged = (mostPages: number): EvidenceSource => {
        const { proofs: _, ...source } = real
        return {
          ...source,
          consignments: {
            list: async (request) => {
              if (++pages > mostPages) throw new Error('interrupted')
              return real.consignments.list({ ...request, limit: 2 })
            },
          },
        }
      }
      const whole = await verify({ source: paged(Infinity), policy, now: () => 0 })
      expect(wrong(whole).map(({ kind }) => kind)).toEqual([
        'event-changed',
        'dead-letter-wrong',
        'counts-differ',
      ])
      for (let interruptions = 0; ; interruptions++) {
        pages = 0
        const parts = { policy, now: () => 0, resume, resumeEvery: 0 }
        const report = await verify({ source: paged(interruptions < 4 ? 2 : Infinity), ...parts }).catch(
          (thrown: Error) => thrown.message,
        )
        if (report === 'interrupted') continue
        expect(report).toEqual(whole)
        expect(interruptions).toBeGreaterThan(2)
        break
      }
      expect(existsSync(resume)).toBe(false)
      await writeFile(resume, 'something else')
      await expect(verify({ source: paged(9), policy, now: () => 0, resume })).rejects.toThrow('remove it')
      await real.close()
    } finally {
      await target.remove()
    }
  })
})

describe('another copy', () => {
  const edit = STORE_ATTACKS.find(({ name }) => name === 'an event is edited together with its kept hash')!

  test.each(['a store', "an agent's spool"])('of %s names the field that was changed', async (kind) => {
    const target = await copyOf(world)
    try {
      await edit.attack(target)
      const spool = join(target.store, '..', 'spool')
      await mkdir(spool)
      for (const [sequence, body] of world.shipped) await writeFile(join(spool, `${sequence}.waybill`), body)
      const { report } = await verified(target.store, '--compare', kind === 'a store' ? world.store : spool)
      const kept = wrong(report).filter(({ kind }) => kind === 'event-changed')
      expect(kept).toMatchObject([
        {
          at: { agent: world.web.id, sequence: MIDDLE, position: 2 },
          fields: [{ field: 'user.name', sealed: 'jane', found: 'nobody' }],
        },
      ])
      expect(kept[0]!.sentence).toContain('user.name was "jane" and is "nobody"')
    } finally {
      await target.remove()
    }
  })

  test('names the id of an event that was removed', async () => {
    const target = await copyOf(world)
    try {
      await STORE_ATTACKS.find(({ name }) => name.startsWith('an event is removed from the end'))!.attack(
        target,
      )
      const { report } = await verified(target.store, '--compare', world.store)
      const [removed] = wrong(report)
      expect(removed).toMatchObject({
        kind: 'event-removed',
        at: { event: expect.stringMatching(/^[0-9a-f]{40}$/) },
      })
    } finally {
      await target.remove()
    }
  })
})

describe('bad input', () => {
  const refusal = async (...args: string[]) => {
    const { code, err, out } = await waybill(['verify', ...args], {})
    expect(out).toBe('')
    return `${code} ${err.trim()}`
  }

  test('is one sentence with the remedy each', async () => {
    const target = await copyOf(world)
    const { store, policy } = target
    try {
      expect(await refusal()).toMatch(/^2 .*--store FOLDER, --cluster indexer.yml, --archive/)
      expect(await refusal('--store', join(store, 'nowhere'))).toMatch(
        /^2 .*there is no store in .*store\.embedded\.path/,
      )
      expect(await refusal('--store', store, '--log', '/nowhere')).toMatch(
        /^2 .*There is no folder \/nowhere/,
      )
      expect(await refusal('--store', store, '--policy', '/nowhere')).toMatch(/^2 .*There is no file/)
      expect(await refusal('--store', store, '--compare', policy)).toMatch(/^2 .*There is no copy in/)
      const text = await readFile(policy, 'utf8')
      await writeFile(policy, text.replace('MCowBQ', 'AAAAAA'))
      expect(await refusal('--store', store, '--policy', policy)).toMatch(
        /^2 .*expected an Ed25519 public key in PEM/,
      )
      await writeFile(policy, text.replace(/(\n\s+)(\d+)(\n)/, '$199$3'))
      expect(await refusal('--store', store, '--policy', policy)).toMatch(
        /^2 .*is no checkpoint that the policy can trust/,
      )
      inControl(store, (control) => control.exec("UPDATE meta SET value = '5' WHERE key = 'layout'"))
      expect(await refusal('--store', store)).toMatch(
        /^2 .*has format 5, .*start an indexer of this version on it once/,
      )
      await writeFile(join(store, 'control.db'), 'no database')
      expect(await refusal('--store', store)).toMatch(/^2 .*is damaged .*restore it from a backup/)
    } finally {
      await target.remove()
    }
  })

  test('the folder of an anchor is read with its folders, a file may have several checkpoints, and an empty folder is refused', async () => {
    const target = await copyOf(world)
    const { store, policy } = target
    const folder = join(store, '..', 'anchored')
    try {
      const text = await readFile(policy, 'utf8')
      const named = (path: string) =>
        writeFile(policy, text.replace(/^checkpoints:[\s\S]*$/m, `checkpoints: [${path}]\n`))
      await mkdir(join(folder, 'a-log'), { recursive: true })
      await named(folder)
      expect(await refusal('--store', store, '--policy', policy)).toMatch(/^2 .*and there are none/)
      await writeFile(join(folder, 'a-log', 'all'), `${world.anchored.early}${world.anchored.late}`)
      expect((await verified(store, '--policy', policy)).report.anchored).toBeGreaterThan(0)
      await writeFile(join(store, 'log', 'checkpoint'), world.anchored.early)
      const { report } = await verified(store, '--policy', policy)
      expect(wrong(report).map(({ kind }) => kind)).toContain('log-truncated')
    } finally {
      await target.remove()
    }
  })

  test('a store of the layout before is verified as it is', async () => {
    const target = await copyOf(world)
    try {
      inControl(target.store, (control) => {
        control.exec(
          "ALTER TABLE leaf_hashes DROP COLUMN fates; UPDATE meta SET value = '6' WHERE key = 'layout'",
        )
      })
      const { code, report } = await verified(target.store)
      expect(wrong(report)).toEqual([])
      expect(code).toBe(0)
    } finally {
      await target.remove()
    }
  })

  test('a store is verified while its indexer holds it', async () => {
    const store = await openEmbeddedStore({ path: world.store })
    try {
      expect((await verified(world.store)).code).toBe(0)
    } finally {
      await store.close()
    }
  })
})
