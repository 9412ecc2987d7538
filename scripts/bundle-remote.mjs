// Makes @openmemory/sdk/remote one file without Node's modules: the facade from its sources, with the parts that need a
// directory or files replaced by those in sdk/remote.

import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const sdk = join(root, 'sdk')

/** Modules below sdk/, and what takes their place. */
const REPLACED = {
  'native/open': 'remote/no-directory',
  'http/transport': 'remote/transport',
  'http/files': 'remote/no-files',
  pipes: 'remote/no-files',
  'validate/file': 'remote/no-files',
}

const replace = {
  name: 'replace',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path, importer }) => {
      const module = relative(sdk, join(dirname(importer), path))
        .split(sep)
        .join('/')
      return Object.hasOwn(REPLACED, module) ? { path: join(sdk, `${REPLACED[module]}.ts`) } : undefined
    }),
}

const options = {
  absWorkingDir: root,
  entryPoints: [join(sdk, 'remote', 'index.ts')],
  ...{ bundle: true, platform: 'browser', target: 'es2022', charset: 'utf8', legalComments: 'none' },
  ...{ plugins: [replace], logLevel: 'warning', tsconfigRaw: {} },
}
const forms = { esm: 'index.mjs', cjs: 'index.js' }
for (const [format, file] of Object.entries(forms)) {
  await build({ ...options, format, outfile: join(root, 'dist', 'remote', file) })
}
