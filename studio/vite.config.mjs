// How is the studio built? Into static files with fixed names, which the server compares by their contents. Code and styles
// are compressed: they would be half of what an installation has beside the model and the addon.

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const compressed = {
  name: 'compressed',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(css|js)$/.test(fileName)) continue
        delete bundle[fileName]
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 })
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source })
      }
    },
  },
}

export default defineConfig({
  root: here('.'),
  // Below this path the server has the assets; the pages are at / and /docs.
  base: '/studio/',
  logLevel: 'warn',
  plugins: [compressed],
  build: {
    outDir: here('../dist/studio'),
    emptyOutDir: true,
    target: 'es2022',
    // Small files would become data: URLs, which the policy of the page allows only in styles.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2048,
    rollupOptions: {
      input: { studio: here('index.html'), docs: here('docs.html') },
      output: {
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
      },
    },
  },
})
