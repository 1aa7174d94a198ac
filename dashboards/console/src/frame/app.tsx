import { Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { Bell } from '../alerts/bell.tsx'
import { useAsk } from '../api/use-ask.ts'
import { Palette } from '../palette/palette.tsx'
import { useWho } from '../session/session.tsx'
import { type Wrong, withoutWrong, wrongIn } from './address.ts'
import { CopyLink } from './copy-link.tsx'
import { actOf, KEY_NAMES, KEYS, useKeys } from './keys.ts'
import { Keys, KeysDialog } from './keys-dialog.tsx'
import { Link } from './link.tsx'
import { go, usePlace } from './location.ts'
import { Mark } from './mark.tsx'
import { Contained } from './outage.tsx'
import { ReaderMenu } from './reader-menu.tsx'
import { isWithin, LOADS, screenAt, useScreens } from './screens.tsx'
import { Loading } from './states.tsx'

/** ms after the first screen. */
const PRELOAD = 2000

export function App() {
  const { path, search } = usePlace()
  const { who } = useWho()
  const fields =
    useAsk('getFields', {}, { enabled: path === '/events' && search !== '' }).data?.fields ?? null
  const wrong = wrongIn(path, search, fields)
  const screens = useScreens()
  const [over, setOver] = useState<'palette' | 'keys' | null>(null)
  const close = useCallback(() => setOver(null), [])
  const mayOpen = (to: string): boolean =>
    screens.some(({ path: one }) => one === to || (to === '/incidents' && one === '/alerts'))
  useKeys(
    {
      find: () => setOver('palette'),
      help: () => setOver('keys'),
      next: () => focusRow(1),
      previous: () => focusRow(-1),
      ...Object.fromEntries(
        KEY_NAMES.filter((name) => KEYS[name].group === 'Go to' && mayOpen(name)).map((to) => [
          to,
          () => visit(to),
        ]),
      ),
    },
    { fallback: true },
  )
  const nav = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the address another link is the current one.
  useEffect(() => {
    // On a narrow screen the links scroll.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path])
  useEffect(() => {
    // Then every screen is there, also while the indexer is away.
    const later = setTimeout(
      () => void Promise.allSettled(Object.values(LOADS).map((load) => load())),
      PRELOAD,
    )
    return () => clearTimeout(later)
  }, [])
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="masthead">
        <Link to="/" className="wordmark" aria-label="Waybill, overview">
          <Mark /> <span>Waybill</span>
        </Link>
        <nav ref={nav} aria-label="Screens">
          {screens.map(({ path: to, name }) => (
            <Link
              key={to}
              to={to}
              aria-current={
                isWithin(path, to) || (to === '/alerts' && isWithin(path, '/incidents')) ? 'page' : undefined
              }
            >
              {name}
            </Link>
          ))}
        </nav>
        <button type="button" className="find" onClick={() => actOf('find')} title="Find">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M8.500 3.500a5 5 0 1 1 0 10 5 5 0 0 1 0-10ZM12.200 12.200 17 17" />
          </svg>
          <span className="unseen">Find</span>
          <span className="find-keys">
            <Keys of="find" />
          </span>
        </button>
        <CopyLink />
        {screens.some(({ name }) => name === 'Alerts') && <Bell />}
        <ReaderMenu />
      </header>
      {who.firstPassword && path !== '/account' && (
        <p className="banner">
          This is a demo, and its password is the one that the terminal showed.{' '}
          <Link to="/account">Choose your own password</Link>
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <Contained key={path}>
          <Suspense fallback={<Loading />}>
            {wrong.length > 0 ? <WrongAddress wrong={wrong} /> : screenAt(path, screens)}
          </Suspense>
        </Contained>
      </main>
      {over === 'palette' && <Palette screens={screens} onClose={close} />}
      {over === 'keys' && (
        <KeysDialog isHidden={(name) => KEYS[name].group === 'Go to' && !mayOpen(name)} onClose={close} />
      )}
    </>
  )
}

/** Shows what is wrong with the address, and links to the address without it. */
function WrongAddress({ wrong }: { wrong: readonly Wrong[] }) {
  const { path, search } = usePlace()
  return (
    <div className="state wrong-address" role="alert">
      <h1 className="state-title">This address is not valid.</h1>
      <ul>
        {wrong.map(({ name, value, sentence }) => (
          <li key={`${name} ${value}`}>
            <code>
              {name}={value}
            </code>{' '}
            {sentence}
          </li>
        ))}
      </ul>
      <Link to={withoutWrong(path, search, wrong)}>Show the screen without the invalid part</Link>
    </div>
  )
}

/** Goes to a screen; the focus goes along, so that the keys and screen readers are there. */
function visit(to: string): void {
  go(to)
  document.getElementById('main')?.focus({ preventScroll: true })
}

const ROWS = '.event-list a, .alert-list a, .bar-list :is(a, button), .list tbody th :is(a, button)'

/** Moves the focus from row to row of the lists of a screen. */
function focusRow(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(`#main :is(${ROWS})`)]
  const here = rows.indexOf(document.activeElement as HTMLElement)
  rows[here === -1 ? 0 : here + by]?.focus()
}
