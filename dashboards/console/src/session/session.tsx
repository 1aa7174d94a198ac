import { useQueryClient } from '@tanstack/react-query'
import { createContext, Fragment, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { type Answer, ask, credentials, Problem } from '../api/ask.ts'
import { Dialog } from '../frame/dialog.tsx'
import { SignIn } from './sign-in.tsx'
import { hearTabs, type Told, tellTabs } from './tabs.ts'

export type Who = Answer<'getSession'>
export type Permission = Who['permissions'][number]

interface Known {
  readonly who: Who
  readonly signOut: () => void
  /** Takes over what the indexer answered to a change of the user's own account. */
  readonly renew: (who: Who) => void
}

const WhoContext = createContext<Known | null>(null)

export function useWho(): Known {
  const known = useContext(WhoContext)
  if (known === null) throw new Error('a screen stands outside of the session')
  return known
}

export const useMay = (permission: Permission): boolean => useWho().who.permissions.includes(permission)

/** Whether stored records are shown unchanged: not to a user who sees only some events, or some fields masked. */
export const seesRecords = (who: Who): boolean => seesAll(who) && who.masked.length === 0

/** Whether figures of all events are shown: not to a user who sees only some. */
export const seesAll = ({ limits }: Who): boolean => limits.namespaces === null && limits.entities === null

const STILL_IN =
  'You are still signed in, because the indexer did not answer. Reload this page when it answers, and sign out again.'

type Standing = 'looking' | 'out' | 'in' | 'expired'

/** Shows its children to a signed-in user. A session that ends asks for a sign-in over the screen, and the screen continues. */
export function Session({ children }: { readonly children: ReactNode }) {
  const [who, setWho] = useState<Who | null>(null)
  const [standing, setStanding] = useState<Standing>('looking')
  const [trouble, setTrouble] = useState<string | null>(null)
  const waiting = useRef<PromiseWithResolvers<void> | null>(null)
  const queries = useQueryClient()

  useEffect(() => {
    const expired = (): Promise<void> => {
      waiting.current ??= Promise.withResolvers<void>()
      setStanding('expired')
      return waiting.current.promise
    }
    ask('getSession', {})
      .then((known) => {
        setWho(known)
        setStanding(known.wants === null ? 'in' : 'out')
        credentials.csrf = known.csrf
      })
      .catch((error: unknown) => {
        setStanding('out')
        if (!(error instanceof Problem) || error.status !== 401)
          setTrouble(error instanceof Error ? error.message : String(error))
      })
      .finally(() => {
        credentials.expired = expired
      })
    return () => {
      credentials.expired = null
    }
  }, [])

  const enter = (known: Who): void => {
    const other = who !== null && who.name !== known.name
    credentials.csrf = known.csrf
    setTrouble(null)
    setWho(known)
    setStanding('in')
    // Somebody else must not see what the one before had on the screen.
    if (other) queries.clear()
    waiting.current?.resolve()
    waiting.current = null
  }

  const signedIn = (known: Who): void => {
    enter(known)
    tellTabs('signed-in')
  }

  const leave = (): void => {
    credentials.csrf = null
    queries.clear()
    waiting.current = null
    setTrouble(null)
    setWho(null)
    setStanding('out')
  }
  const signOut = (): void => {
    ask('postSessionSignOut', {}).then(
      ({ next }) => {
        leave()
        tellTabs('signed-out')
        if (next !== null) location.assign(next)
      },
      (error: unknown) => {
        leave()
        // A session that has ended already needs no signing out.
        if (!(error instanceof Problem && error.status === 401)) setTrouble(STILL_IN)
      },
    )
  }

  const heard = useRef<(told: Told) => void>(() => {})
  heard.current = (told) => {
    if (told === 'signed-out') leave()
    // Somebody signed in elsewhere, maybe as another user: this tab has their session, too.
    else
      ask('getSession', {}).then(
        (known) => known.wants === null && enter(known),
        (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)),
      )
  }
  useEffect(() => hearTabs((told) => heard.current(told)), [])

  if (standing === 'looking') return <div className="curtain" aria-busy="true" />
  if (standing === 'out' || who === null)
    return (
      <main className="gate">
        <SignIn trouble={trouble} onSignedIn={signedIn} half={who} />
      </main>
    )
  return (
    <WhoContext.Provider value={{ who, signOut, renew: signedIn }}>
      <Fragment key={who.name}>{children}</Fragment>
      {standing === 'expired' && (
        <Dialog title="Sign in again" onClose={null}>
          <p className="quiet">Your session has ended. The screen keeps its content.</p>
          <SignIn trouble={null} onSignedIn={signedIn} half={null} name={who.name} inDialog />
        </Dialog>
      )}
    </WhoContext.Provider>
  )
}
