// How are other programs called? Their messages go to stderr, and a failure is an error that names the program.

import { spawnSync } from 'node:child_process'

/** Runs a program and shows what it prints. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}`)
}

/** What a program prints, or undefined if it fails. */
export function output(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26, ...options })
  return status === 0 ? stdout.trim() : undefined
}

export function say(text) {
  console.error(`> ${text}`)
}
