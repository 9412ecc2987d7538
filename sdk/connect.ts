// Which store do the options of an `OpenMemory` mean? Environment variables supply what they leave out.

import type {
  CommonOptions,
  DatabaseOptions,
  EmbeddedOptions,
  Metadata,
  OpenMemoryOptions,
  RemoteOptions,
} from '../index'
import type { Backend } from './backend'
import { invalid } from './errors'
import { openServer } from './http/open'
import { openDatabase, openDirectory } from './native/open'
import { checkOptions } from './validate/arguments'
import { checkTimeout, environment, text } from './validate/options'

export interface Connection<M extends object = Metadata> extends Pick<CommonOptions, 'userId' | 'timeoutMs'> {
  backend: Backend<M>
}

/** What only a directory has. */
const DIRECTORY_OPTIONS = ['path', 'durability', 'allowNonEmpty', 'lockWaitMs'] as const
/** What every store in this process has, and a server has by itself. */
const STORE_OPTIONS = ['indexMemory', 'embedder', 'languageModel'] as const
/** What only a database has. */
const DATABASE_OPTIONS = ['store', 'poolSize', 'approximateAbove', 'tenant'] as const
const OPTIONS = [
  ...DIRECTORY_OPTIONS,
  ...STORE_OPTIONS,
  ...DATABASE_OPTIONS,
  'url',
  'apiKey',
  'userId',
  'timeoutMs',
] as const

export function connect<M extends object>(given: OpenMemoryOptions | undefined): Connection<M> {
  const options = checkOptions<OpenMemoryOptions>(given, OPTIONS)
  const { timeoutMs } = options
  checkTimeout(timeoutMs)
  // A user id that was lost on the way must not mean all users.
  if (Object.hasOwn(options, 'userId') && options.userId === undefined) {
    throw invalid('userId', 'is undefined; leave it out to mean the memories of all users')
  }
  const apiKey = text(options.apiKey, 'apiKey')
  const backend = backendOf<M>(options, apiKey)
  return { backend, userId: text(options.userId, 'userId'), timeoutMs }
}

function backendOf<M extends object>(options: OpenMemoryOptions, apiKey: string | undefined): Backend<M> {
  const store = text(options.store, 'store')
  const isFree = options.path === undefined && store === undefined
  const url = text(options.url, 'url') ?? (isFree ? environment('OPENMEMORY_URL') : undefined)
  if (url !== undefined) {
    const why = 'is set on the server that url names; leave one of them out'
    reject(options, [...DIRECTORY_OPTIONS, ...STORE_OPTIONS, ...DATABASE_OPTIONS], why)
    return openServer<M>({ ...options, url, apiKey } as RemoteOptions)
  }
  if (store === undefined) {
    reject(options, DATABASE_OPTIONS, 'is for a database; name one as store, or leave it out')
    return openDirectory<M>(options as EmbeddedOptions)
  }
  reject(options, DIRECTORY_OPTIONS, 'is for a directory, and store names a database; leave one of them out')
  return openDatabase<M>({ ...options, store } as DatabaseOptions)
}

function reject(options: OpenMemoryOptions, names: readonly (keyof OpenMemoryOptions)[], why: string): void {
  for (const name of names) if (options[name] !== undefined) throw invalid(name, why)
}
