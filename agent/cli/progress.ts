import { bytesText } from '../../config/index.ts'
import type { Agent } from '../agent.ts'

const EVERY_MS = 200
const BAR = 30

/** A progress bar on a terminal; nothing elsewhere. */
export function showProgress(agent: Agent): { end(): void } {
  if (!process.stderr.isTTY) return { end() {} }
  const began = Date.now()
  const draw = (): void => {
    const { sources, shipping, total } = agent.status()
    const size = sources.reduce((sum, source) => sum + source.size - source.unfinished, 0)
    const settled = sources.reduce((sum, source) => sum + source.position, 0)
    const share = size === 0 ? 1 : Math.min(1, settled / size)
    const full = Math.round(share * BAR)
    const seconds = Math.max(1, (Date.now() - began) / 1000)
    const line =
      `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor(share * 100)} %  ` +
      `${bytesText(settled)} of ${bytesText(size)}  ${Math.round((total.stored + total.duplicate) / seconds)} events/s` +
      (shipping.problem === null ? '' : `  ${shipping.problem}`)
    process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 100) - 1)}`)
  }
  const timer = setInterval(draw, EVERY_MS)
  let ended = false
  return {
    end() {
      if (ended) return
      ended = true
      clearInterval(timer)
      draw()
      process.stderr.write('\n')
    },
  }
}
