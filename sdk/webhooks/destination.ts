// Where may an event be sent? To this machine, and to what the server's options name. A name is looked up once, and the
// connection goes to the address that was looked at.

import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { invalid } from '../errors'
import { isLoopback, isNever, isPublic } from './addresses'

export interface Found {
  address: string
  family: number
}

export type Lookup = (host: string) => Promise<Found[]>

/** A destination that is allowed, or why it is not. */
export type Destination = { url: URL; address: string } | { refused: string }

/** An entry of the option. */
interface Allowed {
  /** `*`, `*.example.com`, a name or an address. */
  host: string
  port: string | undefined
}

export interface Rules {
  allowed: readonly Allowed[]
  /** Whether this machine may be reached: not by those who reach it only through this server. */
  loopback: boolean
}

const ENTRY = /^(\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[[\da-f:]+\])(?::(\d{1,5}))?$/i

/** Reads the option of a server that listens on `host`. */
export function rulesOf(hosts: readonly string[], listensOn: string): Rules {
  const allowed = hosts.map((entry, i) => {
    const [, host, port] = typeof entry === 'string' ? (ENTRY.exec(entry) ?? []) : []
    if (host === undefined) {
      throw invalid(`webhookHosts[${i}]`, "must be a host such as 'hooks.example.com', '*.example.com' or '*'")
    }
    return { host: bare(host), port }
  })
  return { allowed, loopback: listensOn === 'localhost' || isLoopback(bare(listensOn)) }
}

export async function destination(
  text: string,
  rules: Rules,
  lookup: Lookup = (host) => systemLookup(host, { all: true }),
): Promise<Destination> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { refused: 'its address is not one of http or https' }
  if (url.username || url.password) return { refused: 'its address has a user or a password' }
  const host = bare(url.hostname)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const named = rules.allowed.filter((entry) => matches(entry.host, host))
  const entries = named.filter((entry) => entry.port === undefined || entry.port === port)
  const withPort = entries.some((entry) => entry.port !== undefined)
  // Services that listen there take commands from anybody.
  if (Number(port) < 1024 && port !== '80' && port !== '443' && !withPort) {
    return { refused: `the port ${port} is not allowed; webhookHosts can name it` }
  }
  const local = rules.loopback && (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host))
  if (!local && entries.length === 0) {
    return { refused: 'its host is not allowed; start the server with webhookHosts (--webhook-hosts) that name it' }
  }
  const found = await addresses(host, lookup)
  // Somebody who may answer for one of many names must not choose an address within the network.
  const exact = entries.some((entry) => entry.host === host)
  const fits = (address: string) =>
    !isNever(address) && (exact || (local && isLoopback(address)) || (entries.length > 0 && isPublic(address)))
  const [first] = found
  if (first === undefined || !found.every(fits)) return { refused: 'its host leads to an address that is not allowed' }
  return { url, address: first }
}

async function addresses(host: string, lookup: Lookup): Promise<string[]> {
  if (isIP(host)) return [host]
  const found = await lookup(host)
  return found.map(({ address }) => address)
}

function matches(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

/** Without the brackets of IPv6 and the dot of a full name. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
