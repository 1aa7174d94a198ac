import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { bytes, counted, figure, keptFor } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { RetentionSource } from './retention.tsx'

type Report = Answer<'getStorage'>
type Use = Report['categories'][number]

/** The retention of events, their tiers, their size, and its expected growth. */
export function Storage() {
  const { data, error, isPending } = useAsk('getStorage', {}, { every: 60_000 })
  if (isPending) return <Loading rows={8} />
  if (data === undefined) return <Failed problem={error} />
  const waiting = data.categories.flatMap(({ category, notArchived }) =>
    notArchived.map((partition) => ({ category, ...partition })),
  )
  return (
    <>
      <Capacity report={data} />
      <h2>Retention, by category</h2>
      <List
        label="Retention by category"
        rows={data.categories}
        keyOf={({ category }) => category}
        columns={[
          {
            name: 'Category',
            of: ({ category }) => <span className={`category ${category}`}>{category}</span>,
          },
          { name: 'Searchable for', of: ({ searchable }) => keptFor(searchable) },
          {
            name: 'Archived for',
            of: ({ archive }) => (archive === null ? 'not archived' : keptFor(archive)),
          },
          { name: 'Status', of: ({ archiveStatus }) => <Standing of={archiveStatus} /> },
          { name: 'Tiers', of: tiersOf },
          { name: 'Oldest', of: ({ oldest }) => (oldest === null ? '–' : <When at={oldest} relative />) },
          { name: 'Events', kind: 'number', of: ({ events }) => figure(events) },
          { name: 'Storage', kind: 'number', of: (use) => bytes(use.bytes) },
          {
            name: 'In the archive',
            kind: 'number',
            of: ({ archived }) => (archived === null ? '–' : bytes(archived.bytes)),
          },
          {
            name: 'A day',
            kind: 'number',
            of: ({ perDay }) => (perDay === null ? 'not known yet' : bytes(perDay)),
          },
          {
            name: 'Expected size',
            kind: 'number',
            of: ({ expected }) => (expected === null ? 'unlimited' : bytes(expected)),
          },
        ]}
      />
      <RetentionSource />
      {waiting.length > 0 && (
        <>
          <h2>Overdue partitions</h2>
          <p className="quiet">These should have expired, but are not in the archive yet.</p>
          <List
            label="Overdue partitions"
            rows={waiting}
            keyOf={({ name }) => name}
            columns={[
              { name: 'Partition', of: ({ name }) => <code>{name}</code> },
              { name: 'Since', of: ({ since }) => <When at={since} relative /> },
              { name: 'Events', kind: 'number', of: ({ events }) => figure(events) },
              { name: 'Storage', kind: 'number', of: (partition) => bytes(partition.bytes) },
            ]}
          />
        </>
      )}
    </>
  )
}

const STANDINGS = {
  none: { name: 'Active', sign: 'ok' },
  current: { name: 'Active', sign: 'ok' },
  absent: { name: 'No archive', sign: 'warning' },
  waiting: { name: 'Waits for the archive', sign: 'warning' },
  failing: { name: 'Archive fails', sign: 'error' },
  damaged: { name: 'Archive is damaged', sign: 'error' },
} as const

/** Whether the retention works as the table says. */
function Standing({ of }: { of: Use['archiveStatus'] }) {
  const { name, sign } = STANDINGS[of]
  return <span className={`sign ${sign}`}>{name}</span>
}

const tiersOf = ({ tiers }: Use): string =>
  tiers.map(({ tier, partitions }) => `${figure(partitions)} ${tier}`).join(', ') || '–'

function Capacity({ report }: { report: Report }) {
  const { bytes: used, otherBytes, disk, growth, fullInDays, archive } = report
  return (
    <>
      <div className="figures">
        <Amount
          name="Storage used"
          amount={bytes(used)}
          beside={`including ${bytes(otherBytes)} that are not events`}
        />
        <Amount
          name="In the archive"
          amount={archive === null ? '–' : bytes(archive.bytes)}
          beside={
            archive === null
              ? 'no archive is set up'
              : archive.capacity === null
                ? archive.place
                : `${Math.round((archive.bytes / archive.capacity) * 100)} % of ${bytes(archive.capacity)}`
          }
        />
        <Amount
          name="Growth per day"
          amount={growth === null ? '–' : bytes(growth)}
          beside={growth === null ? 'not known yet' : 'of categories that do not expire yet'}
        />
        <Amount
          name="Free on the disk"
          amount={disk === null ? '–' : bytes(disk.free)}
          beside={disk === null ? 'the store does not report it' : `of ${bytes(disk.total)}`}
        />
        <Amount
          name="Full in"
          amount={fullInDays === null ? '–' : counted(fullInDays, 'day')}
          beside={fullInDays === null ? 'it does not fill at this growth' : 'at this growth'}
          grave={fullInDays !== null && fullInDays < SOON}
        />
      </div>
      {disk !== null && disk.total > 0 && (
        <div className="disk">
          <meter
            min={0}
            max={disk.total}
            high={disk.total * 0.9}
            value={disk.total - disk.free}
            aria-label="How full the disk is"
          />
          <p className="quiet small">
            The disk is {Math.round((1 - disk.free / disk.total) * 100)} % full; events take{' '}
            {bytes(used - otherBytes)} of it.
          </p>
        </div>
      )}
    </>
  )
}

/** Days. */
const SOON = 30

function Amount(props: { name: string; amount: string; beside: string; grave?: boolean }) {
  const { name, amount, beside, grave = false } = props
  return (
    <div className={grave ? 'figure grave' : 'figure'}>
      <span className="figure-name">{name}</span>
      <span className="figure-count">{amount}</span>
      <span className="figure-beside">{beside}</span>
    </div>
  )
}
