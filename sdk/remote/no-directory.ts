// There is no store in this process; takes the place of native/open.ts.

import type { EmbeddedOptions } from '../../index'
import type { Backend } from '../backend'
import { invalid } from '../errors'

export function openDirectory<M extends object>(options: EmbeddedOptions): Backend<M> {
  const given = Object.keys(options).find((name) => !['userId', 'timeoutMs', 'apiKey'].includes(name))
  if (given !== undefined) throw invalid(given, 'is for a directory; @openmemory/sdk/remote needs the url of a server')
  throw invalid('url', 'is missing; @openmemory/sdk/remote needs the address of a server')
}
