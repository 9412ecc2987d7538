// Why is there no binary that runs here, and what can be done about it?

import type { JsonValue } from '../index'
import { OpenMemoryError } from './errors'

/** A package for each is published beside this one, as an optional dependency: npm installs those that fit. */
const PLATFORMS = [
  ...['linux-x64-gnu', 'linux-x64-musl', 'linux-arm64-gnu', 'linux-arm64-musl'],
  ...['darwin-x64', 'darwin-arm64', 'win32-x64-msvc'],
]

/** `cause` is what the generated loader threw: the failures of all places where it looked, each the cause of the last. */
export function noBinary(cause: unknown): OpenMemoryError {
  const libc = glibc()
  const platform = thisPlatform(libc)
  const here = `${platform}, Node ${process.versions.node}${libc ? `, glibc ${libc}` : ''}`
  const error = (problem: string, details: Record<string, JsonValue>) =>
    new OpenMemoryError('UNAVAILABLE', `@openmemory/sdk has no binary that runs here (${here}): ${problem}`, {
      ...{ cause, retryable: false, details },
    })

  if (!PLATFORMS.includes(platform)) {
    return error(
      `it is published for ${PLATFORMS.join(', ')}. Build it in a checkout of its repository with ` +
        '"npm run setup" (needs Rust), or use a server elsewhere with the option "url".',
      { platform },
    )
  }
  const name = `@openmemory/sdk-${platform}`
  const broken = failures(cause).find((message) => !/^Cannot find (module|package)/.test(message))
  if (broken) return error(`its binary is there and cannot be loaded: ${broken}`, { platform, package: name })
  return error(
    `the package ${name} is not installed. Install @openmemory/sdk again on this machine: with optional dependencies ` +
      '(no --omit=optional), not from a node_modules or a lock file that another system wrote.',
    { platform, package: name },
  )
}

/** As npm's packages are named. */
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

/** The loader tells them apart by their messages only; the first is its own summary. */
function failures(cause: unknown): string[] {
  const messages = []
  for (let at = (cause as Error).cause as Error | null | undefined; at; at = at.cause as Error | undefined) {
    messages.push(at.message)
  }
  return messages
}
