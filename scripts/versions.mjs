// Which version is this? Every file that names it must name the same one, that of package.json.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { models, platforms, readJson, root } from './platform.mjs'

/** Each file that names another version than package.json, as a text. */
export function otherVersions() {
  const { version } = readJson(join(root, 'package.json'))
  return named()
    .filter(([, found]) => found !== version)
    .map(([where, found]) => `${where}: ${found ?? 'no version'} instead of ${version}`)
}

/** What the changelog says behind the version: a date, `unreleased`, or nothing if it has no such entry. */
export function changelogDate() {
  const { version } = readJson(join(root, 'package.json'))
  const heading = text('CHANGELOG.md')
    .split('\n')
    .find((line) => line.startsWith(`## [${version}] - `))
  return heading?.split(' - ')[1].trim()
}

function named() {
  const lock = readJson(join(root, 'package-lock.json'))
  const manifests = [...platforms(), ...models()].map((folder) => `npm/${folder}/package.json`)
  return [
    ...manifests.map((file) => [file, readJson(join(root, file)).version]),
    ['server.json', readJson(join(root, 'server.json')).version],
    ['server.json, its package', readJson(join(root, 'server.json')).packages[0].version],
    ['package-lock.json', lock.version],
    ['package-lock.json, the package itself', lock.packages[''].version],
    ['Cargo.toml', /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(text('Cargo.toml'))?.[1]],
    ...lockedCrates().map(([name, version]) => [`Cargo.lock, ${name}`, version]),
    ['clients/python/pyproject.toml', /^version = "(.+)"$/m.exec(text('clients/python/pyproject.toml'))?.[1]],
  ]
}

/** It has the version of the library that it stands in for. */
const STAND_IN = 'rustfft'

/** Our own crates in Cargo.lock: those without a source. */
function lockedCrates() {
  const crates = text('Cargo.lock').split('[[package]]\n').slice(1)
  return crates
    .filter((crate) => !crate.includes('\nsource = '))
    .map((crate) => [/^name = "(.+)"$/m.exec(crate)?.[1], /^version = "(.+)"$/m.exec(crate)?.[1]])
    .filter(([name]) => name !== STAND_IN)
}

function text(file) {
  return readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n')
}
