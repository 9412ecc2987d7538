// The first example of README, and what it prints there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './platform.mjs'

export function readmeExample() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8').replaceAll('\r\n', '\n')
  const [, code, output] = /^```js\n(.*?)^```\n\n^```text\n(.*?)^```/ms.exec(readme)
  return { code, output }
}
