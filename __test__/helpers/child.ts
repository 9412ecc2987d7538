// Child processes, which share only the directory with a test.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

const children = join(__dirname, '..', 'children')

/** Runs `children/<name>` to its end and returns the message that it sends. */
export async function messageOf<T>(name: string, ...args: string[]): Promise<T> {
  const child = fork(join(children, name), args)
  const [message] = await Promise.all([nextMessage<T>(child), exitOf(child)])
  return message
}

export function start(name: string, ...args: string[]): ChildProcess {
  return fork(join(children, name), args)
}

export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T))
    child.once('exit', (code, signal) => reject(new Error(`the child ended without a message: ${code ?? signal}`)))
  })
}

export function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal as NodeJS.Signals)))
  })
}
