import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** Names what did not run, a line each or a line for a whole group, with the reason where the test gave one. */
export default class Skipped implements Reporter {
  #isPart = false

  onInit({ config }: Vitest): void {
    // A filter by name leaves out the other tests on purpose.
    this.#isPart = config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isPart) return
    const groups = new Map<string, number>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const reason = 'note' in result && result.note !== undefined ? ` (${result.note})` : ''
        const { parent } = test
        const isWhole =
          parent.type === 'suite' &&
          [...parent.children.allTests()].every((one) => one.result().state === 'skipped')
        const name = `${module.relativeModuleId}: ${isWhole ? parent.fullName : test.fullName}${reason}`
        groups.set(name, (groups.get(name) ?? 0) + 1)
      }
    }
    const total = [...groups.values()].reduce((sum, count) => sum + count, 0)
    if (total === 0) return
    console.log(`\nSkipped, ${total} in all:`)
    for (const [name, count] of groups) console.log(`  ${count === 1 ? '' : `${count} of `}${name}`)
  }
}
