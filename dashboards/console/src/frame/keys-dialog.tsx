import { Dialog } from './dialog.tsx'
import { GROUPS, KEY_NAMES, KEYS, type KeyName, signsOf } from './keys.ts'

/** All keys that this reader can use; those of screens that they may not open are left out. */
export function KeysDialog({
  isHidden,
  onClose,
}: {
  readonly isHidden: (name: KeyName) => boolean
  readonly onClose: () => void
}) {
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="key-groups">
        {GROUPS.map((group) => (
          <section key={group} aria-label={group}>
            <h3>{group}</h3>
            <dl className="keys">
              {KEY_NAMES.filter((name) => KEYS[name].group === group && !isHidden(name)).map((name) => (
                <div key={name}>
                  <dt>
                    <Keys of={name} />
                  </dt>
                  <dd>{KEYS[name].does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}

export function Keys({ of }: { readonly of: KeyName }) {
  return signsOf(of).map((sign) => <kbd key={sign}>{sign}</kbd>)
}
