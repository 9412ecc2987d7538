// Where does the packed package work? Installs the tarballs in empty folders outside the repository, and uses them with
// every available runtime, module system, TypeScript version, package manager, framework and root file system. Prints
// Markdown tables. The package itself always comes from the tarballs; tools come from the registries, once.
//
// npm run matrix                       # everything; about 3 GB of runtimes, compilers, frameworks and root file systems
// npm run matrix -- --runtimes here    # with this Node only; or a list such as node18,node26,bun,deno
// npm run matrix -- --compilers 5.4,7.0   # with these versions of TypeScript only
// npm run matrix -- --managers yarn-pnp --frameworks none --places none   # likewise; `none` leaves a table out
// npm run matrix -- --dist             # with the binary of `npm run build:dist`
// npm run matrix -- --packed DIR       # with what `npm run pack:local -- --out DIR` has packed

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { COMPILERS, tryCompilers } from './matrix/compilers.mjs'
import { FRAMEWORKS, tryFrameworks } from './matrix/frameworks.mjs'
import { tryManagers } from './matrix/installs.mjs'
import { MANAGERS } from './matrix/managers.mjs'
import { readOptions } from './matrix/options.mjs'
import { PLACES, tryPlaces } from './matrix/places.mjs'
import { RUNTIMES, tryRuntimes } from './matrix/runtimes.mjs'
import { failures } from './matrix/table.mjs'
import { pack } from './pack.mjs'
import { readJson, root } from './platform.mjs'

const TABLES = {
  runtimes: { known: RUNTIMES, usual: RUNTIMES.slice(1), fill: tryRuntimes },
  compilers: { known: COMPILERS, fill: tryCompilers },
  managers: { known: Object.keys(MANAGERS), fill: tryManagers },
  frameworks: { known: Object.keys(FRAMEWORKS), fill: tryFrameworks },
  places: { known: Object.keys(PLACES), fill: tryPlaces },
}
const of = (key) => Object.fromEntries(Object.entries(TABLES).map(([flag, table]) => [flag, table[key]]))

const { chosen, dist, keep, packed } = readOptions(of('known'), of('usual'))
const work = mkdtempSync(join(tmpdir(), 'openmemory-matrix-'))
try {
  console.error('> Packing')
  const { tarballs } = pack({ out: join(work, 'tarballs'), dist, packed })
  const context = { work, tarballs, keep, version: readJson(join(root, 'package.json')).version }
  for (const [flag, names] of Object.entries(chosen)) if (names.length > 0) await TABLES[flag].fill(names, context)
} finally {
  if (keep) console.error(`> Kept ${work}`)
  else rmSync(work, { recursive: true, force: true })
}
process.exitCode = failures() === 0 ? 0 : 1
