import { expect, it } from 'vitest'
import { duration, size } from './units.ts'

it('times and sizes are read with their units', () => {
  expect(['500ms', '15s', '1.5h', '30d'].map((text) => duration().parse(text))).toEqual([
    500, 15_000, 5_400_000, 2_592_000_000,
  ])
  expect(['512KiB', '64MiB', '2 GB', '7B'].map((text) => size().parse(text))).toEqual([
    524_288, 67_108_864, 2_000_000_000, 7,
  ])
})

it('a time or size without a unit, or outside what is allowed, says what is expected', () => {
  const message = (run: () => unknown): string => {
    try {
      return String(run())
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(message(() => duration().parse('15'))).toContain('expected a time such as 500ms, 15s')
  // The message shows the range for any error.
  const limited = duration({ min: 1000, max: 3_600_000 })
  for (const text of ['15', '1d']) expect(message(() => limited.parse(text))).toMatch(/30d, from 1s to 1h/)
  expect(message(() => duration({ min: 1000 }).parse('1ms'))).toMatch(/30d, at least 1s/)
  expect(message(() => size({ min: 1024, max: 2 ** 30 }).parse('1B'))).toContain('from 1KiB to 1GiB')
})
