// Reports whether import and require return the same classes, and what each exports.
import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const imported = await import('@openmemory/sdk')
const required = require('@openmemory/sdk')
const byPath = await import(pathToFileURL(require.resolve('@openmemory/sdk')).href)
const names = Object.keys(required).sort()
process.send({
  names,
  importedNames: Object.keys(imported).sort(),
  same: names.every((name) => imported[name] === required[name] && byPath[name] === required[name]),
})
process.disconnect()
