import { useEffect, useState } from 'react'
import { lookNow } from '../events/look.ts'
import { rangeName } from '../time/range-picker.tsx'
import { between } from '../time/ranges.ts'
import { Dialog } from './dialog.tsx'
import { fixedAddress } from './fixed-address.ts'
import { useKeys } from './keys.ts'
import { usePlace } from './location.ts'
import { useZone } from './preferences.ts'

/** The time for which the confirmation is shown, ms. */
const SHOWN_FOR = 6000

/** Copies a link to what is shown, which shows the same tomorrow. */
export function CopyLink() {
  const { path, search } = usePlace()
  const zone = useZone()
  const [told, setTold] = useState<string | null>(null)
  const [byHand, setByHand] = useState<string | null>(null)
  useEffect(() => {
    if (told === null) return
    const timer = setTimeout(() => setTold(null), SHOWN_FOR)
    return () => clearTimeout(timer)
  }, [told])
  const copy = async (): Promise<void> => {
    const { address, period } = fixedAddress(path, search, Date.now(), lookNow().columns)
    const link = new URL(address, window.location.origin).href
    try {
      await navigator.clipboard.writeText(link)
      setTold(
        period === null
          ? 'Link copied.'
          : `Link copied. It always shows ${rangeName(between(period.from, period.to), zone)}.`,
      )
    } catch {
      // A browser gives no clipboard to a page without TLS, or may refuse it.
      setByHand(link)
    }
  }
  useKeys({ link: () => void copy() })
  return (
    <>
      <button
        type="button"
        className="copy-link"
        aria-label="Copy link"
        title="Copy a link to what is shown, with its times (y)"
        onClick={() => void copy()}
      >
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M8.500 11.500a3 3 0 0 0 4.300 0l3-3a3 3 0 1 0-4.300-4.300l-1 1M11.500 8.500a3 3 0 0 0-4.300 0l-3 3a3 3 0 1 0 4.300 4.300l1-1" />
        </svg>
      </button>
      <p className={told === null ? 'told' : 'told shown'} role="status">
        {told}
      </p>
      {byHand !== null && (
        <Dialog title="Copy this link" onClose={() => setByHand(null)}>
          <p>The browser does not let this page copy. Press Ctrl-C, or ⌘C on a Mac.</p>
          <input
            aria-label="Link"
            readOnly
            autoFocus
            value={byHand}
            onFocus={({ target }) => target.select()}
          />
        </Dialog>
      )}
    </>
  )
}
