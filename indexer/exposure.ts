import { statSync } from 'node:fs'

/** Lists what exposes the indexer, or its data, to more people than necessary; each as a sentence with the remedy. */
export function exposuresOf(folder: string, uid: number | undefined): string[] {
  // Windows knows neither.
  if (uid === undefined) return []
  const exposures: string[] = []
  if (uid === 0)
    exposures.push(
      'The indexer runs as root, so a vulnerability in it would expose the whole machine: run it as a user of its own, as config/systemd/waybill-indexer.service does.',
    )
  // A store that keeps nothing on this machine has no folder.
  const mode = (statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o777
  if ((mode & 0o077) !== 0)
    exposures.push(
      `The data folder ${folder} is accessible to other users of this machine (mode ${mode.toString(8)}): chmod 700 ${folder}`,
    )
  return exposures
}
