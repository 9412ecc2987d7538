// Two packages of a monorepo have each its own version of this one, and one process uses both.
import process from 'node:process'

const expected = process.argv.slice(2)
const apps = await Promise.all(expected.map((_, at) => import(`./packages/app-${at}/version.mjs`)))
const actual = apps.map(({ version }) => version)
if (actual.join() !== expected.join()) throw new Error(`expected ${expected}, got ${actual}`)
await Promise.all(apps.map(({ use }) => use()))
