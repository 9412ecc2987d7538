// Why is there no binary that runs on this machine, and what can the user do?

import type { JsonValue } from '../../index'
import { OpenMemoryError } from '../errors'

/** Each platform has its own package, an optional dependency of this one; npm installs the matching one. */
const PLATFORMS = [
  ...['linux-x64-gnu', 'linux-x64-musl', 'linux-arm64-gnu', 'linux-arm64-musl'],
  ...['darwin-x64', 'darwin-arm64', 'win32-x64-msvc'],
]

/** What Node says of a package that is not there, and what Yarn's Plug'n'Play says. */
const NOT_INSTALLED = [
  /^Cannot find (module|package)/,
  /^\S+ tried to access /,
  /^Qualified path resolution failed/,
  /^Required unplugged package missing/,
]

/** @param cause what the generated loader threw: a chain of one failure per place where it looked */
export function noBinary(cause: unknown): OpenMemoryError {
  const libc = glibc()
  const platform = thisPlatform(libc)
  const here = `${platform}, Node ${process.versions.node}${libc ? `, glibc ${libc}` : ''}`
  const error = (problem: string, details: Record<string, JsonValue>) =>
    new OpenMemoryError('UNAVAILABLE', `@openmemory/sdk has no binary for this machine (${here}): ${problem}`, {
      ...{ cause, retryable: false, details },
    })

  if (!PLATFORMS.includes(platform)) {
    return error(
      `it is published for ${PLATFORMS.join(', ')}. Build it in a checkout of its repository with ` +
        '"npm run setup" (needs Rust), or connect to a server on another machine with the option "url".',
      { platform },
    )
  }
  const name = `@openmemory/sdk-${platform}`
  const broken = failures(cause).find((message) => !NOT_INSTALLED.some((known) => known.test(message)))
  if (broken) return error(`its binary is installed but cannot be loaded: ${broken}`, { platform, package: name })
  return error(
    `the package ${name} is not installed. Reinstall @openmemory/sdk on this machine, with optional dependencies ` +
      '(no --omit=optional) and without a node_modules or lock file from another system.',
    { platform, package: name },
  )
}

/** In the form that npm packages use. */
function thisPlatform(libc: string | undefined): string {
  const name = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${name}-msvc`
  if (process.platform !== 'linux') return name
  return `${name}-${libc ? 'gnu' : 'musl'}`
}

function glibc(): string | undefined {
  if (process.platform !== 'linux') return undefined
  // Runtimes other than Node may have no report.
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime
}

/** Only the messages distinguish them; the first one is the loader's summary. */
function failures(cause: unknown): string[] {
  const messages = []
  for (let at = (cause as Error).cause as Error | null | undefined; at; at = at.cause as Error | undefined) {
    messages.push(at.message)
  }
  return messages
}
