#!/usr/bin/env node
// The command `openmemory`.

import { main } from './main'

// The reader, such as `head`, closed the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
