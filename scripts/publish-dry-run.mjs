// What would be published? Does what `npm run publish:packages` does, in a copy and without a registry.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { NOTICES } from './notices.mjs'
import { copy, filesOf } from './pack.mjs'
import { compareFiles, MAX_INSTALLED_MB, mainFiles, platformFiles } from './package-contents.mjs'
import { binaries, platformPackage, platforms, readJson, root } from './platform.mjs'

const shell = process.platform === 'win32'

/** The published packages, the main one first, with their sizes in bytes. Throws if one of them is wrong. */
export function dryRun() {
  const stage = mkdtempSync(join(tmpdir(), 'openmemory-publish-'))
  try {
    const built = copyPackages(stage)
    const napi = join(root, 'node_modules', '.bin', 'napi')
    const args = ['pre-publish', '--tag-style', 'npm', '--no-gh-release', '--skip-optional-publish']
    execFileSync(napi, args, { cwd: stage, stdio: ['ignore', 2, 2], shell })
    checkOptionalDependencies(readJson(join(stage, 'package.json')))
    const main = publish(stage)
    const others = built.map((platform) => publish(join(stage, 'npm', platform)))
    compareFiles(main.name, main.files, mainFiles())
    for (const [at, platform] of built.entries()) {
      compareFiles(others[at].name, others[at].files, platformFiles(platform))
      const megabytes = (main.unpackedSize + others[at].unpackedSize) / 1e6
      if (megabytes > MAX_INSTALLED_MB) {
        throw new Error(`${platform}: ${megabytes.toFixed(1)} MB installed are over ${MAX_INSTALLED_MB}`)
      }
    }
    return [main, ...others]
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function copyPackages(stage) {
  for (const { path } of filesOf(root)) copy(join(root, path), join(stage, path))
  const { built, missing } = binaries()
  for (const platform of [...built, ...missing]) {
    const { folder, manifest, binary } = platformPackage(platform)
    const own = join(stage, 'npm', platform)
    for (const file of ['package.json', 'README.md']) copy(join(folder, file), join(own, file))
    for (const file of ['LICENSE', NOTICES]) copy(join(root, file), join(own, file))
    // napi refuses a package without its binary, and looks no further than at the name.
    if (missing.includes(platform)) writeFileSync(join(own, manifest.main), '')
    else copy(binary, join(own, manifest.main))
  }
  return built
}

/** Every platform, and exactly this version: a range could bring a binary that fits another facade. */
function checkOptionalDependencies({ name, version, napi, optionalDependencies = {} }) {
  const expected = platforms().map((platform) => [`${name}-${platform}`, version])
  const sorted = (entries) => JSON.stringify([...entries].sort())
  if (napi.targets.length === expected.length && sorted(Object.entries(optionalDependencies)) === sorted(expected))
    return
  throw new Error(`optionalDependencies are ${JSON.stringify(optionalDependencies)}`)
}

function publish(folder) {
  const { scripts = {} } = readJson(join(folder, 'package.json'))
  const installing = ['preinstall', 'install', 'postinstall', 'prepare'].filter((script) => script in scripts)
  if (installing.length > 0) throw new Error(`${folder} has install scripts: ${installing.join(', ')}`)
  const args = ['publish', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error', '--access', 'public']
  const printed = execFileSync('npm', args, { cwd: folder, encoding: 'utf8', shell, maxBuffer: 2 ** 26 })
  const parsed = JSON.parse(printed)
  // npm 11 puts it under the name of the package.
  const { name, version, size, unpackedSize, files } = parsed.files ? parsed : Object.values(parsed)[0]
  return { name, version, size, unpackedSize, files: files.map(({ path }) => path).sort() }
}
