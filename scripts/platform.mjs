// What are the names of this platform's binary and package? Those of napi.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export function thisPlatform() {
  const name = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${name}-msvc`
  if (process.platform !== 'linux') return name
  return `${name}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}

/** The platforms that have a package in npm/. */
export function platforms() {
  return readdirSync(`${root}npm`).filter((name) => !name.startsWith('model-'))
}

/** The packages of models in npm/. */
export function models() {
  return readdirSync(`${root}npm`).filter((name) => name.startsWith('model-'))
}

/** The folder of a platform's package in npm/, its package.json, and the place of its binary. */
export function platformPackage(platform) {
  const folder = `${root}npm/${platform}`
  if (!existsSync(folder)) throw new Error(`There is no package for ${platform} below npm/`)
  const manifest = readJson(`${folder}/package.json`)
  return { folder, manifest, binary: `${folder}/${manifest.main}` }
}

/** The platforms whose binary is below npm/, and the others. */
export function binaries() {
  const isBuilt = (platform) => existsSync(platformPackage(platform).binary)
  return { built: platforms().filter(isBuilt), missing: platforms().filter((platform) => !isBuilt(platform)) }
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
