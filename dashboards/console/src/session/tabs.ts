/** A message to the other tabs of the same browser: they share one session. */
export type Told = 'signed-out' | 'signed-in'

const channel = new BroadcastChannel('waybill.session')

export const tellTabs = (told: Told): void => channel.postMessage(told)

/** A tab does not hear itself. */
export function hearTabs(hear: (told: Told) => void): () => void {
  const heard = ({ data }: MessageEvent<unknown>): void => {
    if (data === 'signed-out' || data === 'signed-in') hear(data)
  }
  channel.addEventListener('message', heard)
  return () => channel.removeEventListener('message', heard)
}
