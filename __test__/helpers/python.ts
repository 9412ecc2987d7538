// A Python environment with the packages that a test needs, if there is a Python.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = (name: string) => join(__dirname, '..', '..', 'node_modules', '.cache', `python-${name}`)

/** The interpreter, or why it is missing. */
export function pythonWith(name: string, ...install: string[]): { python: string } | { missing: string } {
  const python = join(folder(name), process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const ready = join(folder(name), 'ready')
  if (existsSync(ready)) return { python }
  const steps = [
    ['python3', ['-m', 'venv', folder(name)]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...install]],
    [python, ['-c', `open(${JSON.stringify(ready)}, 'w')`]],
  ] as const
  for (const [command, args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    if (status !== 0) return { missing: `${command} ${args.join(' ')}: ${error?.message ?? stderr.slice(-400)}` }
  }
  return { python }
}
