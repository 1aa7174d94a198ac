import { crc32, deflateSync } from 'node:zlib'
import type { ReportDocument, ReportRow, RowColumn } from '../../document.ts'
import { documentOf } from './documents.ts'

/** A report of a usual month, and one of hostile events: for looking at, and for validators. */

const MONTH_COLUMNS: readonly RowColumn[] = [
  { title: 'Time', kind: 'time', field: '@timestamp' },
  { title: 'User', kind: 'text', field: 'user.name' },
  { title: 'Action', kind: 'text', field: 'event.action' },
  { title: 'Record', kind: 'text', field: 'audit.entity.name' },
  { title: 'Outcome', kind: 'text', field: 'event.outcome' },
  { title: 'Source', kind: 'text', field: 'event.module' },
  { title: 'Address', kind: 'text', field: 'source.ip' },
  { title: 'Risk', kind: 'number', field: 'audit.risk' },
  { title: 'Changes', kind: 'text', field: 'audit.changes' },
  { title: 'Event', kind: 'id', field: 'event.id' },
]

const USERS = [
  'jane.smith',
  'john.doe',
  'amir.novak',
  'lucy.miller',
  'wei.zhang',
  'Zo\u00eb \u00c5ngstr\u00f6m',
  '\u5f20\u4f1f',
  '\u0391\u03bd\u03bd\u03b1 \u03a0.',
]
const ACTIONS = [
  'login',
  'customer.update',
  'invoice.approve',
  'role.grant',
  'export.create',
  'password.reset',
]
const RECORDS = [
  'Customer Acme Corporation (CUST-12345)',
  'Invoice INV-2026-00871',
  'Role administrator',
  'Report Q1 revenue by region',
]
const START = Date.UTC(2026, 2, 1)
const MONTH_MS = 31 * 86_400_000

export function monthRow(index: number, count: number): ReportRow {
  const at = START + Math.floor((index / Math.max(count, 1)) * MONTH_MS)
  const mixed = (index * 2_654_435_761) % 2 ** 32
  const user = USERS[mixed % USERS.length]!
  const action = ACTIONS[(mixed >>> 7) % ACTIONS.length]!
  const changes = action.endsWith('update')
    ? `credit_limit: ${mixed % 9000} \u2192 ${mixed % 20_000}; terms: net 30 \u2192 net 60`
    : ''
  const id = `01HV${mixed.toString(36).toUpperCase().padStart(10, '0')}${index.toString(36).toUpperCase().padStart(12, '0')}`
  const cells = [
    at,
    user,
    action,
    RECORDS[(mixed >>> 3) % RECORDS.length]!,
    mixed % 11 === 0 ? 'failure 3/5' : 'success',
    'erp',
    `10.${mixed % 256}.${(mixed >>> 8) % 256}.${(mixed >>> 16) % 256}`,
    mixed % 100,
    changes,
    id,
  ]
  return {
    cells,
    line: JSON.stringify({
      '@timestamp': new Date(at).toISOString(),
      event: { id, action },
      user: { name: user },
    }),
  }
}

export function monthDocument(count: number, more: Partial<ReportDocument> = {}): ReportDocument {
  return documentOf({
    title: 'Changes of permissions and master data',
    about:
      'Who changed permissions, roles and master data of customers in the period, and whether a second person approved it.',
    organisation: { name: 'Acme Corporation', logo: { type: 'png', bytes: logo() } },
    scope: 'Events of the sources erp, crm and the identity provider, of all users and records.',
    query:
      '(event.action: (role.grant or role.revoke or customer.update) or audit.entity.type: permission) and not user.name: "svc-backup" and event.outcome: (success or failure)',
    facts: [
      { name: 'Masked fields', text: 'user.email, audit.payload.iban' },
      { name: 'Filters', text: 'Outcomes: success, failure. Systems: erp, crm, identity provider.' },
    ],
    verdict: {
      complete: false,
      sentence: 'incomplete, because 2 waybills of agent web-2 are missing and 3 records are dead letters',
      reasons: [
        'The waybills 1041 and 1042 of agent web-2 have not arrived; they are of 14 March 2026.',
        '3 records of the source /var/log/erp/audit.jsonl could not be stored, and are dead letters.',
      ],
    },
    account: [
      {
        title: 'Events by agent and source',
        note: 'Each record that an agent read is stored, a duplicate, filtered, or a dead letter.',
        chart: null,
        table: {
          columns: [
            { title: 'Agent', kind: 'text' },
            { title: 'Source', kind: 'text' },
            { title: 'Read', kind: 'number' },
            { title: 'Stored', kind: 'number' },
            { title: 'Duplicates', kind: 'number' },
            { title: 'Dead letters', kind: 'number' },
          ],
          rows: [
            ['web-1', '/var/log/erp/audit.jsonl', 1_204_311, 1_204_290, 18, 3],
            ['web-2', '/var/log/crm/audit.log', 88_120, 88_120, 0, 0],
            ['idp-1', 'syslog 10.1.4.2', 7_412, 7_412, 0, 0],
          ],
          more: 0,
        },
      },
      {
        title: 'Missing waybills',
        note: '',
        chart: null,
        table: {
          columns: [
            { title: 'Agent', kind: 'text' },
            { title: 'Waybills', kind: 'text' },
            { title: 'Last before', kind: 'time' },
            { title: 'First after', kind: 'time' },
          ],
          rows: [['web-2', '1041 to 1042', Date.UTC(2026, 2, 14, 8, 2), Date.UTC(2026, 2, 14, 8, 41)]],
          more: 0,
        },
      },
    ],
    checkpoint:
      'audit.acme.example/waybill\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 audit.acme.example/waybill Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n',
    findings: [
      {
        title: 'Events by day',
        note: 'Weekends are quiet; the peak is the end of the quarter.',
        chart: {
          kind: 'time',
          unit: 'day',
          points: Array.from({ length: 31 }, (_, day) => ({
            at: Date.UTC(2026, 2, day + 1, 12),
            count: [0, 6].includes(new Date(Date.UTC(2026, 2, day + 1)).getUTCDay())
              ? 40 + day
              : 900 + ((day * 7919) % 700) + day * 20,
          })),
        },
        table: null,
      },
      {
        title: 'Most active users',
        note: 'By the number of changes.',
        chart: {
          kind: 'bars',
          bars: USERS.map((label, index) => ({ label, count: Math.round(5200 / (index + 1)) })),
          others: 812,
        },
        table: {
          columns: [
            { title: 'User', kind: 'text' },
            { title: 'Changes', kind: 'number' },
            { title: 'Failures', kind: 'share' },
            { title: 'Median time to approval', kind: 'duration' },
            { title: 'Last change', kind: 'time' },
          ],
          rows: USERS.map((user, index) => [
            user,
            Math.round(5200 / (index + 1)),
            0.012 * index,
            (index + 1) * 4_310_000,
            Date.UTC(2026, 2, 31, 9, index * 7),
          ]),
          more: 34,
        },
      },
      {
        title: 'Grants of administrator',
        note: 'Each should have an approval by another person within a day.',
        chart: null,
        table: {
          columns: [
            { title: 'Time', kind: 'time' },
            { title: 'By', kind: 'text' },
            { title: 'To', kind: 'text' },
            { title: 'Approved by', kind: 'text' },
            { title: 'Event', kind: 'id' },
          ],
          rows: Array.from({ length: 42 }, (_, i) => [
            Date.UTC(2026, 2, 1 + (i % 30), 9, i),
            USERS[i % 5]!,
            USERS[(i + 2) % 8]!,
            i % 7 === 0 ? null : USERS[(i + 3) % 5]!,
            `01HV5K3Q${(i * 7919).toString(36).toUpperCase().padStart(10, '0')}`,
          ]),
          more: 0,
        },
      },
    ],
    rows: { columns: MONTH_COLUMNS, count, order: 'oldest' },
    controls: [
      {
        framework: 'ISO/IEC 27001:2022',
        control: 'A.5.18',
        demands: 'Access rights are reviewed, changed and removed in a controlled manner.',
        support: 'Lists each grant and removal of a right with who did it and who approved it.',
      },
      {
        framework: 'ISO/IEC 27001:2022',
        control: 'A.8.15',
        demands: 'Activities are logged, and logs are protected and analysed.',
        support: 'Shows that the trail of the period is complete, or what is missing of it.',
      },
      {
        framework: 'SOC 2',
        control: 'CC6.2',
        demands: 'Access is granted only to authorised users.',
        support: 'Each grant of administrator with its approval.',
      },
    ],
    ...more,
  })
}

const LONG = 'x'.repeat(100_000)
export const HOSTILE_TEXTS: readonly string[] = [
  '\u202egpj.exe\u202c admin\u200b\u00ad',
  '\u0645\u062f\u064a\u0631 \u0627\u0644\u0646\u0638\u0627\u0645 123 (root)',
  '\u05d3\u05e0\u05d9 \u05db\u05d4\u05df changed \u05dc\u05e7\u05d5\u05d7 42',
  '\u5f20\u4f1f\u4fee\u6539\u4e86\u5ba2\u6237\u7684\u4fe1\u7528\u989d\u5ea6\uff0c\u5e76\u6279\u51c6\u4e86\u8ba2\u5355\u3002',
  '\u4f50\u85e4\u592a\u90ce\u304c\u9867\u5ba2\u30c7\u30fc\u30bf\u3092\u5909\u66f4\u3057\u307e\u3057\u305f',
  '\uae40\ubbfc\uc900\uc774 \uad8c\ud55c\uc744 \ubcc0\uacbd\ud588\uc2b5\ub2c8\ub2e4',
  '\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432 \u0438\u0437\u043c\u0435\u043d\u0438\u043b \u043f\u0440\u0430\u0432\u0430',
  '\u{1f9ff} \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f1e9}\u{1f1ea} \u2764\ufe0f ok',
  'a\0b\x07c\x1b[31mred\x1b[0m\ttab\r\nnext line',
  LONG,
  '=HYPERLINK("http://evil.example","click")',
  '<script>alert(1)</script> &amp; ]]> --> \\(\\) endstream endobj',
  'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW',
  'e\u0301\u0323\u0310 z\u0351\u036b\u0343\u036aa\u0302\u036b l\u0301\u0327g\u030co',
  '\ud800 lone \udc00, \ue000 private, \ufffe, \u{10ffff}, \u{e0041}',
  '\u0e01\u0e32\u0e23\u0e40\u0e02\u0e49\u0e32\u0e2a\u0e39\u0e48\u0e23\u0e30\u0e1a\u0e1a \u0939\u093f\u0928\u094d\u0926\u0940 \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8',
  '_x0041_ _x000D_',
  ' leading and trailing ',
  '\u2192 \u2713 \u221e \u2260 \u20ac \u00bd \u2122 \u2026 \u201cquotes\u201d',
]

export const hostileRow = (index: number): ReportRow => {
  const text = (shift: number): string => HOSTILE_TEXTS[(index + shift) % HOSTILE_TEXTS.length]!
  const cells = [
    START + index * 60_000,
    text(0),
    text(3),
    text(5),
    text(7),
    text(11),
    text(2),
    index,
    text(9),
    `id-${text(1).slice(0, 12)}`,
  ]
  return { cells, line: JSON.stringify({ event: { id: index }, message: text(0) }) }
}

export function hostileDocument(count: number): ReportDocument {
  const month = monthDocument(count)
  return {
    ...month,
    title: '\u202eReport\u202c of \u0645\u062f\u064a\u0631 & <b>\u{1f9ff}</b>',
    about: HOSTILE_TEXTS.slice(0, 9).join(' | '),
    scope: HOSTILE_TEXTS[1]!,
    query: `message: "${HOSTILE_TEXTS[0]}" or ${'very_long_field_name.'.repeat(300)}`,
    verdict: { ...month.verdict, reasons: HOSTILE_TEXTS.slice(0, 8) },
    findings: [
      {
        title: HOSTILE_TEXTS[4]!,
        note: HOSTILE_TEXTS[2]!,
        chart: { kind: 'bars', bars: HOSTILE_TEXTS.map((label, i) => ({ label, count: i * i })), others: 3 },
        table: {
          columns: [
            { title: HOSTILE_TEXTS[11]!, kind: 'text' },
            { title: HOSTILE_TEXTS[10]!, kind: 'number' },
          ],
          rows: HOSTILE_TEXTS.map((text, i) => [text, i / 3]),
          more: 1,
        },
      },
      ...month.findings,
    ],
    controls: month.controls.map((line) => ({ ...line, support: HOSTILE_TEXTS[5]! })),
  }
}

/** A square with a round hole, half of it transparent: a PNG of 8 bits with alpha. */
function logo(): Uint8Array {
  const size = 96
  const rows = Buffer.alloc(size * (1 + size * 4))
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * (1 + size * 4) + 1 + x * 4
      const away = Math.hypot(x - size / 2, y - size / 2)
      rows.set([28, 79, 125, away < 44 && (away > 30 || y > x) ? 255 : 0], at)
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head.set([8, 6, 0, 0, 0], 8)
  const part = (name: string, content: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(content.length)
    return Buffer.concat([length, Buffer.from(name, 'latin1'), content, crcOf(name, content)])
  }
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    part('IHDR', head),
    part('IDAT', deflateSync(rows)),
    part('IEND', Buffer.alloc(0)),
  ])
}

function crcOf(name: string, content: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(name, 'latin1'), content])))
  return sum
}
