// How is a store in a directory opened? Its options are checked now; the directory is opened by the first call.

import type { EmbeddedOptions } from '../../index'
import { invalid } from '../errors'
import { languageModelOf } from '../language-model/given'
import { text } from '../validate/options'
import { NativeBackend } from './backend'
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
