// How is a store on a server reached? The address and the key are checked now; the first call connects.

import { invalid } from '../errors'
import { HttpBackend } from './backend'
import { Transport } from './transport'

export function reachServer<M extends object>(
  url: string,
  apiKey: string | undefined,
  timeoutMs: number | undefined,
): HttpBackend<M> {
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) throw invalid('apiKey', 'must be printable ASCII')
  return new HttpBackend(new Transport(url, apiKey, timeoutMs), timeoutMs)
}
