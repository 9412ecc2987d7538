// Imports the package from the given path, pretending to be on the given platform, and reports how the first call fails.
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [entry, platform] = process.argv.slice(2)
Object.defineProperty(process, 'platform', { value: platform })
const { OpenMemory } = await import(pathToFileURL(entry).href)
const { code, retryable, message, details } = await new OpenMemory({ path: 'nowhere' }).ready().catch((error) => error)
process.send({ code, retryable, message, details })
process.disconnect()
