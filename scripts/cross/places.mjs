// Where is everything that foreign targets need? In one folder of this repository, which may be deleted at any time.
// Inside the repository, because cargo hashes a path outside of it into symbol names, and two clones would then build
// different binaries.

import { join } from 'node:path'
import { root } from '../platform.mjs'

const cross = join(root, 'target', 'cross')

export const PLACES = {
  apt: join(cross, 'apt'),
  libnode: join(cross, 'libnode'),
  macosLibraries: join(cross, 'macos', 'usr', 'lib'),
  macosRoot: join(cross, 'macos'),
  python: join(cross, 'python'),
  toolchains: join(cross, 'toolchains'),
  zigbuild: join(cross, 'zigbuild'),
  zigCache: join(cross, 'zig-cache'),
}
