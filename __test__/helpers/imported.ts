// A file of another program, as the command line imports it.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from './server'
import { freshDirectory } from './store'

export const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')

/** Imports a file into a store of its own, and resolves to what is printed, and the store. */
export async function imported(content: string | object | ((file: string) => void), ...flags: string[]) {
  const { server, store: om } = await serve()
  const file = join(freshDirectory(), 'data')
  if (typeof content === 'function') content(file)
  else writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  const args = [CLI, 'import', file, ...flags, '--url', server.url, '--json']
  const { code, out, err } = await new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, args, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
    child.stdin?.end()
  })
  return { code, out: out === '' ? undefined : JSON.parse(out), err, om }
}
