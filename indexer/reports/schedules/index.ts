/**
 * Schedules: reports that are made again and again, each time of a period that is over.
 * In: schedules, the clock.
 * Out: jobs, one for each time, whatever number of indexers runs.
 */
export { Schedules, type SchedulesParts } from './schedules.ts'
