// Which store do the options of an `OpenMemory` mean? Environment variables supply what they leave out.

import type { CommonOptions, EmbeddedOptions, Metadata, OpenMemoryOptions, RemoteOptions } from '../index'
import type { Backend } from './backend'
import { invalid } from './errors'
import { openServer } from './http/open'
import { openDirectory } from './native/open'
import { checkOptions } from './validate/arguments'
import { checkTimeout, environment, text } from './validate/options'

export interface Connection<M extends object = Metadata> extends Pick<CommonOptions, 'userId' | 'timeoutMs'> {
  backend: Backend<M>
}

const DIRECTORY_OPTIONS = [
  'path',
  'durability',
  'allowNonEmpty',
  'lockWaitMs',
  'indexMemory',
  'embedder',
  'languageModel',
] as const
const OPTIONS = [...DIRECTORY_OPTIONS, 'url', 'apiKey', 'userId', 'timeoutMs'] as const

export function connect<M extends object>(given: OpenMemoryOptions | undefined): Connection<M> {
  const options = checkOptions<OpenMemoryOptions>(given, OPTIONS)
  const { timeoutMs } = options
  checkTimeout(timeoutMs)
  // A user id that was lost on the way must not mean all users.
  if (Object.hasOwn(options, 'userId') && options.userId === undefined) {
    throw invalid('userId', 'is undefined; leave it out to mean the memories of all users')
  }
  const apiKey = text(options.apiKey, 'apiKey')
  const url = text(options.url, 'url') ?? (options.path === undefined ? environment('OPENMEMORY_URL') : undefined)
  if (url !== undefined) rejectDirectoryOptions(options)
  const backend =
    url === undefined
      ? openDirectory<M>(options as EmbeddedOptions)
      : openServer<M>({ ...options, url, apiKey } as RemoteOptions)
  return { backend, userId: text(options.userId, 'userId'), timeoutMs }
}

function rejectDirectoryOptions(options: OpenMemoryOptions): void {
  for (const name of DIRECTORY_OPTIONS) {
    if (options[name] !== undefined) throw invalid(name, 'is set on the server that url names; leave one of them out')
  }
}
