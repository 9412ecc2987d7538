// Reports whether import and require return the same classes, and what each exports: of the package, or of a subpath.
import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const [subpath] = process.argv.slice(2)
const name = subpath === undefined ? '@openmemory/sdk' : `@openmemory/sdk/${subpath}`
const imported = await import(name)
const required = require(name)
const byPath = await import(pathToFileURL(require.resolve(name)).href)
const names = Object.keys(required).sort()
process.send({
  names,
  importedNames: Object.keys(imported).sort(),
  same: names.every((name) => imported[name] === required[name] && byPath[name] === required[name]),
})
process.disconnect()
