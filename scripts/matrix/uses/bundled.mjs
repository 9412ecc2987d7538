import { NotFoundError, OpenMemory } from '@openmemory/sdk'
import { correctAndFind } from './correct-and-find.mjs'

correctAndFind({ OpenMemory, NotFoundError }, 'test').catch((error) => {
  console.error(error)
  process.exitCode = 1
})
