// How is this package installed without a registry? Packs it and this platform's package as they are published: `npm
// run pack:local [-- --out DIR] [--dist]`, then `npm install` with the two printed files.
//
// --out   the directory for the tarballs; default: tarballs/
// --dist  uses the binary of `npm run build:dist` in npm/ instead of the development build

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { NOTICES } from './notices.mjs'
import { platformPackage, readJson, root, thisPlatform } from './platform.mjs'

/** Lists the packed files; written next to the tarballs. */
const LIST = 'packed.json'

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string' }, dist: { type: 'boolean' } } })
    const { tarballs } = pack(values)
    for (const { file, size } of tarballs) console.error(`> ${basename(file)}: ${(size / 1e6).toFixed(1)} MB`)
    console.log(`npm install ${tarballs.map(({ file }) => file).join(' ')}`)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}

/**
 * The tarballs, the main one first, each with the names of its files. `packed` is a folder that already has them, and
 * `platform` one of npm/, this machine's by default.
 */
export function pack({ packed, ...options } = {}) {
  return packed ? readJson(join(packed, LIST)) : packAnew(options)
}

function packAnew({ out = join(root, 'tarballs'), dist = false, platform = thisPlatform() } = {}) {
  const { folder, manifest, binary: published } = platformPackage(platform)
  const binary = dist ? published : join(root, manifest.main)
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run "npm run ${dist ? 'build:dist' : 'setup'}"`)
  mkdirSync(out, { recursive: true })
  const stage = mkdtempSync(join(tmpdir(), 'openmemory-pack-'))
  try {
    const main = join(stage, 'main')
    for (const { path } of filesOf(root)) copy(join(root, path), join(main, path))
    // As `napi pre-publish` does, but only with the platform that is packed here.
    writeJson(join(main, 'package.json'), {
      ...readJson(join(root, 'package.json')),
      optionalDependencies: { [manifest.name]: manifest.version },
    })
    const own = join(stage, 'platform')
    for (const name of ['package.json', 'README.md']) copy(join(folder, name), join(own, name))
    for (const name of ['LICENSE', NOTICES]) copy(join(root, name), join(own, name))
    copy(binary, join(own, manifest.main))
    const list = { platform, tarballs: [main, own].map((packed) => tarball(packed, resolve(out))) }
    writeJson(join(out, LIST), list)
    return list
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function tarball(folder, out) {
  const [{ filename, files }] = npm(
    ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', out],
    folder,
  )
  const file = join(out, filename)
  return { file, size: statSync(file).size, files: files.map(({ path }) => path).sort() }
}

/** What npm would pack of a folder. */
export function filesOf(folder) {
  return npm(['pack', '--json', '--dry-run', '--ignore-scripts', '--loglevel=error'], folder)[0].files
}

function npm(args, cwd) {
  const options = { cwd, encoding: 'utf8', shell: process.platform === 'win32', stdio: ['ignore', 'pipe', 'inherit'] }
  return JSON.parse(execFileSync('npm', args, { ...options, maxBuffer: 2 ** 26 }))
}

export function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
}

export function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}
