import { PEOPLE, VISITOR_ADDRESS } from './cast.ts'
import { failedSignIn as connexcsFailure } from './connexcs.ts'
import { rightsChanged, roleGranted } from './creatio.ts'
import {
  accountLocked,
  apiKeyCreated,
  exported,
  failedSignIn,
  financialReport,
  passwordReset,
  roleChanged,
  signIn,
  viewed,
} from './erp.ts'
import type { Entry, Stage } from './stage.ts'
import { failedSignIn as strapiFailure } from './strapi.ts'

/**
 * What there is to find: by night someone tries Bob Morrison's password five times and locks his account, tries the other
 * systems, comes in as the administrator, makes Bob an administrator, gives him a new password, signs in as Bob, and
 * takes the list of 5,000 customers with him.
 */
export function* incident(stage: Stage): Generator<Entry, void> {
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
  // Nobody noticed yet; in the morning both start sessions of their own.
  stage.world.sessions.delete(`erp ${grace.id}`)
  stage.world.sessions.delete(`erp ${bob.id}`)
}
