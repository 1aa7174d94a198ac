import { expect, it } from 'vitest'
import { screenOf } from './ask.ts'

it.each([
  ['/', 'overview'],
  ['/events', 'events'],
  ['/events/0123abc', 'events'],
  ['/settings/dead-letters', 'settings-dead-letters'],
  ['/%3Cscript%3E', 'other'],
])('the screen at %s is called %s', (address, name) => expect(screenOf(address)).toBe(name))
