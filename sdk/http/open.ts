// How is a store on a server opened? The address and the key are checked now; the first call connects.

import type { RemoteOptions } from '../../index'
import { invalid } from '../errors'
import { environment } from '../validate/options'
import { HttpBackend } from './backend'
import { Transport } from './transport'

export function openServer<M extends object>({ url, apiKey, timeoutMs }: RemoteOptions): HttpBackend<M> {
  const key = apiKey ?? environment('OPENMEMORY_API_KEY')
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw invalid('apiKey', 'must be printable ASCII')
  return new HttpBackend(new Transport(url, key, timeoutMs), timeoutMs)
}
