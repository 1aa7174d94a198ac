/** The way over the bytes: see docs/architecture.md. */
export { Memory } from './memory.ts'
export { DirectWay, type Written } from './way.ts'
