#!/usr/bin/env node
// The command `openmemory`.

import { main } from './main'

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
