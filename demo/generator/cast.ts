/**
 * The people and things of the scenario: one small telephone company, Brightline Voice. The same people, customers and products appear in
 * all five systems, so that an investigation can follow them from one to the next.
 */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly ip: string
  readonly location: string
  readonly device: string
}

function person(
  number: number,
  name: string,
  role: string,
  ip: string,
  location: string,
  device: string,
): Person {
  const mailbox = name
    .normalize('NFD')
    .replace(/[^A-Za-z ]/g, '')
    .toLowerCase()
    .replace(' ', '.')
  return { id: `U-${number}`, name, email: `${mailbox}@brightline.example`, role, ip, location, device }
}

const NEW_YORK = 'New York, NY (estimated)'
const BERLIN = 'Berlin, Germany (estimated)'

export const PEOPLE = {
  john: person(1001, 'John Smith', 'Sales Manager', '192.0.2.5', NEW_YORK, 'Chrome on Windows'),
  sarah: person(1002, 'Sarah Jones', 'Sales Representative', '192.0.2.12', NEW_YORK, 'Edge on Windows'),
  mike: person(1003, 'Mike Wilson', 'Product Manager', '192.0.2.18', NEW_YORK, 'Firefox on Linux'),
  lisa: person(1004, 'Lisa Turner', 'Finance Controller', '192.0.2.21', NEW_YORK, 'Safari on macOS'),
  bob: person(1005, 'Bob Morrison', 'Marketing Analyst', '192.0.2.30', NEW_YORK, 'Chrome on Windows'),
  grace: person(1006, 'Grace Okafor', 'Admin', '192.0.2.10', NEW_YORK, 'Firefox on Linux'),
  priya: person(1007, 'Priya Nair', 'Voice Engineer', '192.0.2.131', BERLIN, 'Chrome on Linux'),
  tomas: person(1008, 'Tomás Herrera', 'Voice Engineer', '192.0.2.132', BERLIN, 'Chrome on macOS'),
  anna: person(1009, 'Anna Lindqvist', 'Content Editor', '192.0.2.141', BERLIN, 'Safari on macOS'),
  jean: person(1010, "Jean-Luc D'Arcy", 'Content Author', '192.0.2.142', BERLIN, 'Firefox on Windows'),
  zoe: person(1011, 'Zoë Fischer', 'Project Manager', '192.0.2.151', BERLIN, 'Chrome on macOS'),
  kenji: person(1012, 'Kenji Watanabe', 'Developer', '192.0.2.152', BERLIN, 'Firefox on Linux'),
} as const satisfies Record<string, Person>

/** The address of the night visitor, from RFC 5737's range for examples. */
export const VISITOR_ADDRESS = '203.0.113.45'

/** A customer with the ids of all systems; `limit`, `terms` and the others change during the scenario. */
export interface Customer {
  readonly name: string
  readonly erp: string
  readonly creatio: string
  readonly connexcs: number
  readonly clockify: string
  readonly contact: string
  limit: number
  terms: string
  status: string
  balance: number
  channels: number
}

export interface Product {
  readonly id: string
  readonly name: string
  price: number
  stock: number
}

export interface Project {
  readonly id: string
  readonly customer: Customer
  name: string
  rate: number
  tasks: string[]
}

/** The current state of the systems: a change takes its old value from here and stores its new one. */
export interface World {
  readonly customers: readonly Customer[]
  readonly products: readonly Product[]
  readonly projects: readonly Project[]
  /** Roles that were changed, by person id. */
  readonly roles: Map<string, string>
  /** Open sessions, by system and person id. */
  readonly sessions: Map<string, string>
}

const CUSTOMERS: readonly [name: string, number: number, contact: string, limit: number][] = [
  ['Acme Corporation', 12345, 'Wile Coyle', 10_000],
  ['Globex International', 12346, 'Hannah Scorp', 25_000],
  ['Bäckerei Müller GmbH', 12351, 'Jürgen Müller', 4_000],
  ['Initech LLC', 12358, 'Peter Gibbs', 8_000],
  ['Hokuto Telecom 北斗通信', 12364, 'Aiko Tanaka', 60_000],
  ["O'Hara & Sons, Ltd.", 12370, "Niamh O'Hara", 6_500],
  ['Umbra Logistics', 12377, 'Marco Ricci', 15_000],
  ['Stellar "Star" Hotels', 12381, 'Claire Dubois', 30_000],
  ['Northwind Clinics', 12390, 'Dr. Samira Haddad', 12_000],
  ['Vandelay Imports', 12395, 'Art Vance', 9_000],
]

const PRODUCTS: readonly [id: string, name: string, price: number, stock: number][] = [
  ['PRD-2001', 'SIP trunk, 30 channels', 249, 500],
  ['PRD-2002', 'Cloud telephone system, per seat', 12.9, 9000],
  ['PRD-2003', 'Desk telephone T54', 139, 320],
  ['PRD-2004', 'Conference telephone C8', 420.5, 45],
  ['PRD-2005', 'Number block, 100 numbers', 35, 210],
  ['PRD-2006', 'Session border controller, license', 1890, 12],
]

/** Permanent ids of a system, derived from the number, so that they are the same for every seed. */
const hexOf = (number: number, digits: number): string =>
  (BigInt(number) * 0x9e3779b97f4a7c15n * 0xbf58476d1ce4e5b9n)
    .toString(16)
    .slice(-digits)
    .padStart(digits, '0')

export function guidOf(number: number): string {
  const hex = hexOf(number, 32)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

export function openWorld(): World {
  const customers = CUSTOMERS.map(
    ([name, number, contact, limit]): Customer => ({
      name,
      erp: `CUST-${number}`,
      creatio: guidOf(number),
      connexcs: number - 11_300,
      clockify: hexOf(number, 24),
      contact,
      limit,
      terms: 'Net 30',
      status: 'Active',
      balance: limit / 4,
      channels: 30,
    }),
  )
  const kinds = ['Migration to SIP', 'Call centre set-up', 'Portal redesign', 'Number porting', 'Support']
  return {
    customers,
    products: PRODUCTS.map(([id, name, price, stock]) => ({ id, name, price, stock })),
    projects: customers.slice(0, 6).map((customer, index) => ({
      id: hexOf(700 + index, 24),
      customer,
      name: `${customer.name}: ${kinds[index % kinds.length]}`,
      rate: 80 + 5 * index,
      tasks: ['Planning', 'Implementation', 'Testing'],
    })),
    roles: new Map(),
    sessions: new Map(),
  }
}
