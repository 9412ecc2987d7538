// There is no store in this process; takes the place of native/open.ts.

import type { DatabaseOptions, EmbeddedOptions } from '../../index'
import type { Backend } from '../backend'
import { invalid } from '../errors'

export function openDirectory<M extends object>(options: EmbeddedOptions): Backend<M> {
  const given = Object.keys(options).find((name) => !['userId', 'timeoutMs', 'apiKey'].includes(name))
  if (given !== undefined) throw invalid(given, 'is for a directory; @openmemory/sdk/remote needs the url of a server')
  throw invalid('url', 'is missing; @openmemory/sdk/remote needs the address of a server')
}

export function openDatabase<M extends object>(_options: DatabaseOptions): Backend<M> {
  throw invalid('store', 'is for a process that reaches the database; @openmemory/sdk/remote needs the url of a server')
}
