import { openWorld } from './cast.ts'
import { CLOCKIFY_SCENES } from './clockify.ts'
import { CONNEXCS_SCENES } from './connexcs.ts'
import { CREATIO_SCENES } from './creatio.ts'
import { ERP_SCENES } from './erp.ts'
import { incident } from './incident.ts'
import { type Random, seededRandom } from './random.ts'
import type { Entry, Play, Scene, Stage } from './stage.ts'
import { STRAPI_SCENES } from './strapi.ts'
import { busyTimes, lastNight } from './timetable.ts'

const SCENES: readonly Scene[] = [
  ...CREATIO_SCENES,
  ...ERP_SCENES,
  ...CLOCKIFY_SCENES,
  ...CONNEXCS_SCENES,
  ...STRAPI_SCENES,
]

/** Scenes that run at the same time, so that the records of several people mix. */
const OPEN_SCENES = 6
const BACKLOG_DAYS = 3

/**
 * The scenario goes on for as long as it is asked. Scenes are dealt from a shuffled deck, so that chance decides on the
 * order only, and every kind of event comes once in a deck.
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
        // Hundredths of a second since the year began: a later run goes on behind an earlier one.
        const now = this.stage.now
        last = Math.max(last + 1, Math.floor((now.getTime() - Date.UTC(now.getUTCFullYear(), 0, 1)) / 10))
        return last
      },
    }
  }

  /** The next record, as of this time. */
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

  /** So many records of the days before `now`, oldest first, and among them what happened last night. */
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

  /** A scene by itself, with some seconds from record to record. */
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
