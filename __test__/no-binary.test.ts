// Without a binary for the platform, importing works, and the first use reports the platform and a remedy.

import { fork } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { messageOf, nextMessage } from './helpers/child'
import { freshDirectory } from './helpers/store'

const root = resolve(__dirname, '..')
/** As in the name of the binary that these tests run with. */
const [, platform] =
  readdirSync(root)
    .join('\n')
    .match(/^openmemory\.(.+)\.node$/m) ?? []

interface Refused {
  code: string
  retryable: boolean
  message: string
  details: { platform: string; package?: string }
}

test('a package without its binary names the package that is missing', async () => {
  const { code, retryable, message, details } = await firstUse(packageWithoutBinary())
  expect({ code, retryable }).toEqual({ code: 'UNAVAILABLE', retryable: false })
  expect(details).toEqual({ platform, package: `@openmemory/sdk-${platform}` })
  expect(message).toContain(`the package @openmemory/sdk-${platform} is not installed`)
  expect(message).toContain(`Node ${process.versions.node}`)
})

test('a binary that fails to load is distinguished from a missing one', async () => {
  const folder = packageWithoutBinary()
  writeFileSync(join(folder, `openmemory.${platform}.node`), 'no binary')
  const { code, message } = await firstUse(folder)
  expect(code).toBe('UNAVAILABLE')
  expect(message).toContain('its binary is installed but cannot be loaded')
  expect(message).not.toContain('is not installed')
})

test('a platform without a package gets the list of those with one', async () => {
  const { code, message, details } = await firstUse(packageWithoutBinary(), 'freebsd')
  expect(code).toBe('UNAVAILABLE')
  expect(details).toEqual({ platform: `freebsd-${process.arch}` })
  expect(message).toContain('linux-x64-gnu, linux-x64-musl')
  expect(message).toContain('npm run setup')
})

test.each([
  ['NAPI_RS_NATIVE_LIBRARY_PATH', 'missing.node'],
  ['NAPI_RS_NATIVE_LIBRARY_PATH', join(root, 'package.json')],
  ['NAPI_RS_FORCE_WASI', 'error'],
  ['NAPI_RS_WASI_FLAVOR', 'wasm32-wasip1'],
])('%s=%s is meant for another package, and this one finds its own binary', async (name, value) => {
  const child = fork(join(__dirname, 'children', 'open.mjs'), [freshDirectory()], {
    env: { ...process.env, [name]: value },
  })
  expect(await nextMessage(child)).toEqual({ outcome: 'opened' })
})

function firstUse(folder: string, pretend = process.platform): Promise<Refused> {
  return messageOf<Refused>('first-use.mjs', join(folder, 'index.mjs'), pretend)
}

function packageWithoutBinary(): string {
  const folder = join(freshDirectory(), 'sdk')
  mkdirSync(folder)
  for (const name of ['package.json', 'index.js', 'index.mjs', 'native.js', 'dist']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  return folder
}
