// A file that another program has open for a moment is replaced all the same; what is not replaced leaves nothing behind.

import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { replaceFile } from '../dist/replace-file'
import { freshDirectory } from './helpers/store'

afterEach(() => {
  jest.restoreAllMocks()
})

test('a refusal because the file is in use is tried again', () => {
  const { unfinished, file } = twoFiles()
  refuse(2, 'EPERM')
  replaceFile(unfinished, file, [0, 0, 0])
  expect(fs.readFileSync(file, 'utf8')).toBe('new')
  expect(fs.existsSync(unfinished)).toBe(false)
})

test.each([
  ['for as long as it is tried', 9, 'EBUSY', 3],
  ['for another reason', 1, 'ENOSPC', 1],
])('a file that is refused %s keeps its contents, and nothing unfinished is left', (_, times, code, attempts) => {
  const { unfinished, file } = twoFiles()
  const rename = refuse(times, code)
  expect(() => replaceFile(unfinished, file, [0, 0])).toThrow(code)
  expect(rename).toHaveBeenCalledTimes(attempts)
  expect(fs.readFileSync(file, 'utf8')).toBe('old')
  expect(fs.existsSync(unfinished)).toBe(false)
})

function twoFiles() {
  const directory = freshDirectory()
  const [unfinished, file] = [join(directory, 'unfinished'), join(directory, 'file')]
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(unfinished, 'new')
  fs.writeFileSync(file, 'old')
  return { unfinished, file }
}

/** As Windows refuses it. */
function refuse(times: number, code: string) {
  const renameSync = fs.renameSync
  let refused = 0
  return jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    refused += 1
    if (refused <= times) throw Object.assign(new Error(code), { code })
    renameSync(from, to)
  })
}
