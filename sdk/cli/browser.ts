// How is an address opened in the browser of the user? By what the system has for it.

import { spawn } from 'node:child_process'

/** Resolves to whether a program for it was found. */
export function openInBrowser(url: string): Promise<boolean> {
  const [command, ...args] = opener()
  return new Promise((resolve) => {
    const child = spawn(command as string, [...args, url], { detached: true, stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function opener(): string[] {
  if (process.env.BROWSER) return [process.env.BROWSER]
  if (process.platform === 'darwin') return ['open']
  // The first argument in quotes would be the title of a window.
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return ['xdg-open']
}
