// Without a binary, importing works and the first use names the missing package and the remedy.
import process from 'node:process'
import { OpenMemory, OpenMemoryError } from '@openmemory/sdk'

const [name] = process.argv.slice(2)
const error = await new OpenMemory({ path: 'nowhere', embedder: 'test' }).ready().catch((error) => error)
const actual = [
  ...[error instanceof OpenMemoryError, error?.code, error?.retryable, error?.details?.package],
  ...[name, '--omit=optional', 'lock file'].map((words) => error?.message.includes(words)),
]
const expected = [true, 'UNAVAILABLE', false, name, true, true, true]
if (actual.join() !== expected.join()) throw new Error(`expected ${expected}, got ${actual}: ${error?.message}`)
