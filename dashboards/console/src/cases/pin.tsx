import { lazy, Suspense, useState } from 'react'
import type { Question } from '../api/ask.ts'
import { part } from '../frame/outage.tsx'
import { useMay } from '../session/session.tsx'

export type NewPin = NonNullable<Question<'postCasesIdPins'>['body']>['pins'][number]

const PinDialog = lazy(part(() => import('./pin-dialog.tsx')))

/** A button that pins `pin` to a case. Readers without the permission to respond do not see it. */
export function PinToCase({ pin, plain = false }: { readonly pin: NewPin; readonly plain?: boolean }) {
  const may = useMay('respond')
  const [isOpen, setOpen] = useState(false)
  if (!may) return null
  return (
    <>
      <button type="button" className={plain ? 'plain export' : undefined} onClick={() => setOpen(true)}>
        Pin to a case
      </button>
      {isOpen && (
        <Suspense>
          <PinDialog pin={pin} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
