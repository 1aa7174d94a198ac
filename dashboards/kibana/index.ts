import { agents } from './boards/agents.ts'
import { boardIds, type Given } from './boards/board.ts'
import { changes } from './boards/changes.ts'
import { exported } from './boards/exports.ts'
import { logViewer } from './boards/log-viewer.ts'
import { overview } from './boards/overview.ts'
import { security } from './boards/security.ts'
import { system } from './boards/system.ts'
import { userActivity } from './boards/user-activity.ts'
import { dashboardObject } from './dashboard.ts'
import { dataViewObjects, dataViews, type Place } from './data-views.ts'
import type { SavedObject } from './saved-object.ts'
import { savedSearches, savedSearchObjects } from './saved-searches.ts'

export type { Place } from './data-views.ts'
export { ndjsonOf, type SavedObject } from './saved-object.ts'

/** The place that the committed file is for. */
export const USUAL: Place = { namespace: 'default', console: 'http://127.0.0.1:8600' }

/** Everything that Kibana is given: data views, saved searches and dashboards, each before what needs it. */
export function kibanaObjects(place: Place = USUAL): readonly SavedObject[] {
  const { namespace } = place
  const views = dataViews(namespace)
  const given: Given = { views, searches: savedSearches(namespace), boards: boardIds(namespace) }
  const dashboards = [overview, logViewer, userActivity, security, system, changes, exported, agents]
  return [
    ...dataViewObjects(place),
    ...savedSearchObjects(namespace, views),
    ...dashboards.map((dashboard) => dashboardObject(dashboard(given))),
  ]
}
