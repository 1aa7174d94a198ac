import type { TestProject } from 'vitest/node'
import { type EngineAddress, startEngine } from './elasticsearch.ts'

declare module 'vitest' {
  interface ProvidedContext {
    engine: EngineAddress
  }
}

/** One engine for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startEngine()
  project.provide('engine', engine.address)
  return () => engine.stop()
}
