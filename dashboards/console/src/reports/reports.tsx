import type { ReactNode } from 'react'
import { Link } from '../frame/link.tsx'
import { usePlace } from '../frame/location.ts'
import { Empty } from '../frame/states.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { Catalogue } from './catalogue.tsx'
import { Coverage } from './coverage.tsx'
import { JobPage } from './job.tsx'
import { Jobs } from './jobs.tsx'
import { MakeReport } from './make-report.tsx'
import { EditSchedule, NewSchedule } from './schedule-form.tsx'
import { Schedules } from './schedules.tsx'

interface Part {
  readonly path: string
  readonly name: string
  /** Addresses of what is within it. */
  readonly within: RegExp
}

const PARTS: readonly Part[] = [
  { path: '/reports', name: 'Make a report', within: /^\/reports(?:\/make\/.*)?$/ },
  { path: '/reports/jobs', name: 'Past reports', within: /^\/reports\/jobs(?:\/|$)/ },
  {
    path: '/reports/schedules',
    name: 'Schedules',
    within: /^\/reports\/(?:schedules(?:\/|$)|new-schedule$)/,
  },
  { path: '/reports/coverage', name: 'Coverage', within: /^\/reports\/coverage$/ },
]

/** Reports: to make one, those that were made, schedules, and which requirements have evidence. */
export default function Reports() {
  const { path } = usePlace()
  const part = PARTS.find(({ within }) => within.test(path))
  return (
    <div className="screen">
      <ScreenHead title="Reports" />
      <nav className="subnav" aria-label="Reports">
        {PARTS.map((one) => (
          <Link key={one.path} to={one.path} aria-current={one === part ? 'page' : undefined}>
            {one.name}
          </Link>
        ))}
      </nav>
      {shownAt(path) ?? <Empty title="There is nothing at this address." />}
    </div>
  )
}

function shownAt(path: string): ReactNode {
  switch (path) {
    case '/reports':
      return <Catalogue />
    case '/reports/jobs':
      return <Jobs />
    case '/reports/schedules':
      return <Schedules />
    case '/reports/new-schedule':
      return <NewSchedule />
    case '/reports/coverage':
      return <Coverage />
  }
  const [, part, id] = /^\/reports\/(make|jobs|schedules)\/([^/]+)$/.exec(path) ?? []
  if (id === undefined) return null
  const name = decodeURIComponent(id)
  if (part === 'make') return <MakeReport id={name} />
  return part === 'jobs' ? <JobPage key={name} id={name} /> : <EditSchedule key={name} id={name} />
}
