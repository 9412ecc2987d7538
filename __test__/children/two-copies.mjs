// Opens one directory with two copies of the package, and reports how the second fails. The addon is copied too, since the
// system would load a link to it as the same library.
import { copyFileSync, cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [, , path, copy] = process.argv
mkdirSync(copy)
for (const name of ['dist', 'package.json', 'index.js', 'native.js'])
  cpSync(join(root, name), join(copy, name), { recursive: true })
for (const name of readdirSync(root)) if (name.endsWith('.node')) copyFileSync(join(root, name), join(copy, name))
symlinkSync(join(root, 'model'), join(copy, 'model'))

const require = createRequire(import.meta.url)
const [one, other] = [root, copy].map((folder) => require(join(folder, 'index.js')))
const first = new one.OpenMemory({ path, embedder: 'test' })
await first.ready()
const second = new other.OpenMemory({ path, embedder: 'test' })
const refused = await second.ready().catch(({ code, message }) => ({ code, message }))
await second.close()
await first.close()
const third = new other.OpenMemory({ path, embedder: 'test' })
await third.ready()
await third.close()
process.send(refused)
process.disconnect()
