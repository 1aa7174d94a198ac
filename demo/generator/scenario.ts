import { openWorld, PEOPLE, VISITOR_ADDRESS } from './cast.ts'
import { CLOCKIFY_SCENES } from './clockify.ts'
import { CONNEXCS_SCENES, failedSignIn as connexcsFailure } from './connexcs.ts'
import { CREATIO_SCENES, rightsChanged, roleGranted } from './creatio.ts'
import {
  accountLocked,
  apiKeyCreated,
  ERP_SCENES,
  exported,
  failedSignIn,
  financialReport,
  passwordReset,
  roleChanged,
  signIn,
  viewed,
} from './erp.ts'
import { type Random, seededRandom } from './random.ts'
import type { Entry, Play, Scene, Stage } from './stage.ts'
import { STRAPI_SCENES, failedSignIn as strapiFailure } from './strapi.ts'

const SCENES: readonly Scene[] = [
  ...CREATIO_SCENES,
  ...ERP_SCENES,
  ...CLOCKIFY_SCENES,
  ...CONNEXCS_SCENES,
  ...STRAPI_SCENES,
]

/** The number of simultaneous scenes, so that the records of several people mix. */
const OPEN_SCENES = 6
const BACKLOG_DAYS = 3

/**
 * The scenario has no end. Scenes are dealt from a shuffled deck, so that chance only decides the order, and every kind of event occurs
 * once per deck.
 */
export class Scenario {
  private readonly random: Random
  private readonly stage: { -readonly [Member in keyof Stage]: Stage[Member] }
  private readonly open: Generator<Entry, void>[] = []
  private deck: Play[] = []

  constructor(seed: number) {
    this.random = seededRandom(seed)
    let last = 0
    this.stage = {
      now: new Date(0),
      random: this.random,
      world: openWorld(),
      number: () => {
        // Hundredths of a second since the beginning of the year: a later run continues after an earlier one.
        const now = this.stage.now
        last = Math.max(last + 1, Math.floor((now.getTime() - Date.UTC(now.getUTCFullYear(), 0, 1)) / 10))
        return last
      },
    }
  }

  /** The next record, at this time. */
  next(now: Date): Entry {
    this.stage.now = now
    for (;;) {
      while (this.open.length < OPEN_SCENES) this.open.push(this.deal()(this.stage))
      const index = this.random.int(0, this.open.length - 1)
      const step = this.open[index]!.next()
      if (step.done !== true) return step.value
      this.open.splice(index, 1)
    }
  }

  /** Yields this many records of the days before `now`, oldest first, including the incident of last night. */
  *backlog(now: Date, count: number): Generator<Entry, void> {
    const end = now.getTime()
    const night = lastNight(end)
    let told = false
    for (const time of busyTimes(this.random, end - BACKLOG_DAYS * 86_400_000, end, count)) {
      if (!told && time >= night) {
        told = true
        yield* this.told(incident, night)
      }
      yield this.next(new Date(Math.max(time, this.stage.now.getTime())))
    }
  }

  /** Plays one scene, with some seconds between records. */
  private *told(play: Play, from: number): Generator<Entry, void> {
    let at = from
    const scene = play(this.stage)
    for (;;) {
      this.stage.now = new Date(at)
      const step = scene.next()
      if (step.done === true) return
      yield step.value
      at += this.random.int(4_000, 40_000)
    }
  }

  private deal(): Play {
    if (this.deck.length === 0)
      this.deck = this.random.shuffled(SCENES.flatMap(({ times, play }) => Array<Play>(times).fill(play)))
    return this.deck.pop()!
  }
}

const HOUR = 3_600_000
/** The load of each hour of the day (UTC), relative to the busiest. */
const BUSY = [2, 1, 1, 1, 1, 2, 4, 10, 25, 40, 40, 38, 30, 42, 45, 45, 40, 30, 18, 10, 6, 4, 3, 2]

/** Times between `from` and `to`, oldest first: many by day, few by night, fewer at weekends. */
function busyTimes(random: Random, from: number, to: number, count: number): number[] {
  const hours: { start: number; length: number; weight: number }[] = []
  let total = 0
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / HOUR) + 1) * HOUR)
    const at = new Date(start)
    const weekend = at.getUTCDay() % 6 === 0
    const weight = (BUSY[at.getUTCHours()]! * (weekend ? 0.3 : 1) * (end - start)) / HOUR
    hours.push({ start, length: end - start, weight })
    total += weight
    start = end
  }
  const times: number[] = []
  for (let made = 0; made < count; made++) {
    let left = random.next() * total
    let hour = hours[0]
    for (const candidate of hours) {
      hour = candidate
      if (left < candidate.weight) break
      left -= candidate.weight
    }
    if (hour === undefined) break
    times.push(Math.floor(hour.start + random.next() * hour.length))
  }
  return times.sort((a, b) => a - b)
}

/** The last 02:11 (UTC) before `to`. */
function lastNight(to: number): number {
  const at = new Date(to)
  const sameDay = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), 2, 11)
  return sameDay + 20 * 60_000 < to ? sameDay : sameDay - 24 * HOUR
}

/**
 * The incident to find: at night someone tries Bob Morrison's password five times and locks his account, tries the other systems, gets in
 * as the administrator, makes Bob an administrator, gives him a new password, signs in as Bob, and takes the list of 5,000 customers.
 */
function* incident(stage: Stage): Generator<Entry, void> {
  const { bob, grace } = PEOPLE
  const from = VISITOR_ADDRESS
  for (const attempt of [1, 2, 3, 4, 5]) yield failedSignIn(stage, bob, attempt, from)
  yield accountLocked(stage, bob, from)
  yield strapiFailure(stage, bob.email, from)
  yield connexcsFailure(stage, grace, from)
  yield* signIn(stage, grace, from)
  yield roleChanged(stage, grace, bob, 'Admin', from)
  yield roleGranted(stage, grace, bob, 'System administrators', from)
  yield rightsChanged(stage, grace, 'System administrators', 'CanExportGrid', from)
  yield passwordReset(stage, grace, bob, from)
  yield apiKeyCreated(stage, grace, 'New production key', from)
  yield* signIn(stage, bob, from)
  yield viewed(stage, bob, financialReport, from)
  yield exported(stage, bob, 'Customers', 5000, from)
  // Nobody has noticed yet; in the morning both start their own sessions.
  stage.world.sessions.delete(`erp ${grace.id}`)
  stage.world.sessions.delete(`erp ${bob.id}`)
}
