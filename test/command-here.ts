export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Around {
  readonly cwd?: string
  /** Variables that the command sees beside the others; undefined for those that it must not see. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

let last: Promise<unknown> = Promise.resolve()

/** Runs a command in this process, which starts no other: what it writes, and what it would exit with. One at a time. */
export function runHere(command: () => Promise<void>, around: Around = {}): Promise<Ran> {
  const mine = last.then(() => run(command, around))
  last = mine.catch(() => undefined)
  return mine
}

async function run(command: () => Promise<void>, { cwd, env = {} }: Around): Promise<Ran> {
  const out = caught(process.stdout)
  const err = caught(process.stderr)
  const before = { cwd: process.cwd(), exitCode: process.exitCode, env: { ...process.env } }
  setEnvironment({ ...before.env, ...env })
  if (cwd !== undefined) process.chdir(cwd)
  process.exitCode = undefined
  try {
    await command()
    return { code: Number(process.exitCode ?? 0), out: out.text(), err: err.text() }
  } finally {
    process.exitCode = before.exitCode
    if (cwd !== undefined) process.chdir(before.cwd)
    setEnvironment(before.env)
    out.release()
    err.release()
  }
}

function setEnvironment(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (wanted[name] === undefined) delete process.env[name]
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) process.env[name] = value
}

/** Collects the text that is written to a stream, until it is released. */
function caught(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const { write } = stream
  let text = ''
  stream.write = (part: string | Uint8Array, ...rest: unknown[]): boolean => {
    text += typeof part === 'string' ? part : Buffer.from(part).toString()
    const written = rest.find((one) => typeof one === 'function')
    if (written !== undefined) queueMicrotask(() => written())
    return true
  }
  return {
    text: () => text,
    release: () => {
      stream.write = write
    },
  }
}
