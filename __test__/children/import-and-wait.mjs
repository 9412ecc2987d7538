// Imports a file with the shipped model, says so, and stays until it is killed.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, file] = process.argv.slice(2)
const om = new OpenMemory({ path })
process.send(await om.importFrom(file))
setInterval(() => {}, 1000)
