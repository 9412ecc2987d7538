// How do package managers install an unpublished package as they would install a published one? From a registry on this
// machine that has nothing else: the main package with all of its optional dependencies, and each platform's.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { platformPackage, platforms, readJson, root } from '../platform.mjs'

/** For a project with two versions; the files are those of the first. */
export const OTHER_VERSION = `${readJson(join(root, 'package.json')).version}-other`
/** Package managers may refuse what was published a moment ago. */
const PUBLISHED = '2026-01-01T00:00:00.000Z'

/** Answers with its URL and a function that ends it. */
export async function startRegistry(context) {
  const { packuments, files } = publish(context)
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.slice(1))
    const found = packuments(`http://${request.headers.host}`)[path] ?? files[path]
    response.statusCode = found ? 200 : 404
    response.setHeader('content-type', files[path] ? 'application/octet-stream' : 'application/json')
    response.end(files[path] ?? JSON.stringify(found ?? { error: `there is no ${path} here` }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}

function publish(context) {
  const files = {}
  const published = []
  for (const folder of unpacked(context)) {
    const manifest = readJson(join(folder, 'package.json'))
    for (const version of [manifest.version, OTHER_VERSION]) {
      const changed = ofVersion(manifest, version)
      writeFileSync(join(folder, 'package.json'), JSON.stringify(changed))
      const file = `${manifest.name.replace('/', '-')}-${version}.tgz`
      const packing = { cwd: join(folder, '..'), maxBuffer: 2 ** 29 }
      files[file] = gzipSync(execFileSync('tar', ['-cf', '-', 'package'], packing), { level: 1 })
      published.push({ manifest: changed, file, ...hashes(files[file]) })
    }
  }
  return { files, packuments: (host) => packumentsOf(published, host) }
}

function packumentsOf(published, host) {
  const packuments = {}
  for (const { manifest, file, integrity, shasum } of published) {
    const { name, version } = manifest
    packuments[name] ??= { name, 'dist-tags': { latest: version }, versions: {}, time: {} }
    packuments[name].versions[version] = { ...manifest, dist: { tarball: `${host}/${file}`, integrity, shasum } }
    packuments[name].time[version] = PUBLISHED
  }
  return packuments
}

/** The main package depends on every platform's, as published. */
function ofVersion(manifest, version) {
  if (manifest.optionalDependencies === undefined) return { ...manifest, version }
  const names = platforms().map((platform) => platformPackage(platform).manifest.name)
  return { ...manifest, version, optionalDependencies: Object.fromEntries(names.map((name) => [name, version])) }
}

/** Was it packed, or built into npm/? */
export function hasBinary({ tarballs }, platform) {
  const { binary, manifest } = platformPackage(platform)
  return existsSync(binary) || tarballs.some(({ files }) => files.includes(manifest.main))
}

/** What was packed, and the packages in npm/ of the other platforms: without a binary where none is built. */
function unpacked({ work, tarballs }) {
  const packed = tarballs.map(({ file }) => {
    const folder = mkdtempSync(join(work, 'published-'))
    execFileSync('tar', ['-xzf', file, '-C', folder])
    return join(folder, 'package')
  })
  const names = packed.map((folder) => readJson(join(folder, 'package.json')).name)
  const others = platforms().map(platformPackage)
  for (const { folder } of others.filter(({ manifest }) => !names.includes(manifest.name))) {
    const copy = join(mkdtempSync(join(work, 'published-')), 'package')
    cpSync(folder, copy, { recursive: true })
    packed.push(copy)
  }
  return packed
}

function hashes(bytes) {
  const hash = (algorithm, encoding) => createHash(algorithm).update(bytes).digest(encoding)
  return { integrity: `sha512-${hash('sha512', 'base64')}`, shasum: hash('sha1', 'hex') }
}
