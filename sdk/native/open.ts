// How is a store in this process opened? Its options are checked now; the first call opens the directory, or connects to the
// database.

import type { DatabaseOptions, EmbeddedOptions } from '../../index'
import { invalid } from '../errors'
import { languageModelOf } from '../language-model/given'
import { text } from '../validate/options'
import { NativeBackend } from './backend'
import { checkApproximateAbove, checkPoolSize, checkTenant } from './database-options'
import { directoryOf } from './directory'
import { embedderOf } from './embedder'
import { indexMemoryOf } from './index-memory'
import { lockWaitOf } from './lock-wait'

export function openDirectory<M extends object>(options: EmbeddedOptions): NativeBackend<M> {
  const { durability = 'flush', allowNonEmpty = false, timeoutMs } = options
  if (!['flush', 'interval'].includes(durability)) throw invalid('durability', "must be 'flush' or 'interval'")
  if (typeof allowNonEmpty !== 'boolean') throw invalid('allowNonEmpty', 'must be true or false')
  const indexMemory = indexMemoryOf(options.indexMemory)
  const path = directoryOf(text(options.path, 'path'))
  const { embedder, embed } = embedderOf(options.embedder, timeoutMs)
  return new NativeBackend({
    directory: path,
    engine: JSON.stringify({ path, durability, allowNonEmpty, indexMemory, embedder }),
    embed,
    languageModel: languageModelOf(options.languageModel),
    lock: lockWaitOf(options.lockWaitMs, timeoutMs),
  })
}

export function openDatabase<M extends object>({ store, ...options }: DatabaseOptions): NativeBackend<M> {
  if (!/^postgres(ql)?:\/\//.test(store)) {
    throw invalid('store', 'must be the URL of a PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE')
  }
  const { poolSize, approximateAbove, tenant } = options
  if (poolSize !== undefined) checkPoolSize(poolSize)
  if (approximateAbove !== undefined) checkApproximateAbove(approximateAbove)
  if (tenant !== undefined) checkTenant(tenant)
  const indexMemory = indexMemoryOf(options.indexMemory)
  const path = directoryOf(undefined)
  const { embedder, embed } = embedderOf(options.embedder, options.timeoutMs)
  return new NativeBackend({
    directory: path,
    database: store,
    engine: JSON.stringify({
      path,
      durability: 'flush',
      allowNonEmpty: false,
      indexMemory,
      embedder,
      poolSize,
      approximateAbove,
      tenant,
    }),
    embed,
    languageModel: languageModelOf(options.languageModel),
    lock: lockWaitOf(),
  })
}
