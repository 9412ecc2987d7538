// What are the names of this platform's binary and package? Those of napi.

import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export function thisPlatform() {
  const name = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${name}-msvc`
  if (process.platform !== 'linux') return name
  return `${name}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}

/** The folder of a platform's package in npm/, and its package.json. */
export function platformPackage(platform) {
  const folder = `${root}npm/${platform}`
  if (!existsSync(folder)) throw new Error(`There is no package for ${platform} below npm/`)
  return { folder, manifest: readJson(`${folder}/package.json`) }
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
