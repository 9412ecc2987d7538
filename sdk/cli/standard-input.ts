// Which text does an argument give? `-` reads it from standard input.

import { utf8 } from '../validate/utf8'

export async function textOrInput(argument: string): Promise<string> {
  if (argument !== '-') return argument
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return utf8(Buffer.concat(chunks), 'content').replace(/\n$/, '')
}
