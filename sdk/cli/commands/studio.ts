// openmemory studio: opens the page to look at memories, of a directory or of a server.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OpenMemoryError } from '../../errors'
import { directoryOf } from '../../native/directory'
import { announce, type Holder, holderOf, newKey } from '../../native/holder'
import { OpenMemory } from '../../open-memory'
import { openInBrowser } from '../browser'
import { type Call, type Command, given, numeric, text } from '../command'
import { BOOLEAN, STRING } from '../flags'
import { styled } from '../print'
import { untilStopped } from '../signals'

export const studio: Command = {
  name: 'studio',
  creates: true,
  usage: '',
  summary: 'Open a page in the browser to look at memories, their versions, and why a search found what it found',
  flags: { port: STRING, 'no-open': BOOLEAN, 'stop-with-stdin': BOOLEAN },
  help: {
    port: 'the port of the page; 0 picks a free one (0)',
    'no-open': 'print the address and do not open a browser',
    'stop-with-stdin': 'also stop when standard input ends, as a parent process can ask for on Windows too',
  },
  example: 'openmemory studio --path ~/memories',
  async run(call) {
    if (call.server !== undefined) {
      await mustServePage(call.server)
      return show(call, call.server, call.options().apiKey)
    }
    const directory = directoryOf(text(call.values, 'path'))
    const holder = holderOf(directory)
    if (holder !== undefined && (await answers(holder))) {
      await mustServePage(holder.url)
      return show(call, holder.url, holder.key)
    }
    const served = await serveOwn(call, directory)
    const stopped = untilStopped(call.values['stop-with-stdin'] ? process.stdin : undefined)
    await show(call, served.url, served.key)
    call.say('Stop it with Ctrl+C')
    await stopped
    await served.close()
    return undefined
  },
}

interface Served {
  url: string
  key: string | undefined
  close(): Promise<void>
}

/** Whether a process that has announced itself still serves its directory. */
async function answers({ url, key }: Holder): Promise<boolean> {
  const om = new OpenMemory({ url, ...(key !== undefined && { apiKey: key }) })
  try {
    await om.stats()
    return true
  } catch {
    return false
  } finally {
    await om.close()
  }
}

async function serveOwn(call: Call, directory: string): Promise<Served> {
  const om = call.open()
  const configured = (process.env.OPENMEMORY_API_KEYS ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter(Boolean)
  // Whoever can open the directory may see what is in it, whatever the keys are for.
  const key = configured.length > 0 || existsSync(join(directory, 'keys.json')) ? newKey() : undefined
  const apiKeys = key === undefined ? undefined : [...configured, `default=${key}`]
  const server = await om.serve(given({ port: numeric(call.values, 'port') ?? 0, ui: true, apiKeys }))
  // One that takes no key announces itself.
  const takeBack = key === undefined ? undefined : announce(directory, { url: server.url, key })
  const close = async () => {
    takeBack?.()
    await server.close()
  }
  return { url: server.url, key, close }
}

async function show(call: Call, url: string, key: string | undefined): Promise<undefined> {
  // After the # it stays in the browser.
  const address = key === undefined ? url : `${url}/#key=${encodeURIComponent(key)}`
  if (call.values.json) process.stdout.write(`${JSON.stringify({ url: address })}\n`)
  call.say(`The studio is at ${styled('bold', address)}`)
  if (call.values['no-open']) return undefined
  if (key !== undefined) {
    call.say('Open the address yourself: it has a key in it, which other users of this machine could see in a command')
  } else if (!(await openInBrowser(address))) {
    call.say('No program that opens addresses was found: open it yourself')
  }
  return undefined
}

async function mustServePage(url: string): Promise<void> {
  const page = await fetch(url, { redirect: 'manual' }).catch((cause) => {
    throw new OpenMemoryError('UNAVAILABLE', `no server answers at ${url}; start one with "openmemory serve"`, {
      cause,
    })
  })
  await page.body?.cancel()
  if (page.ok && page.headers.get('content-type')?.startsWith('text/html')) return
  throw new OpenMemoryError(
    'UNAVAILABLE',
    `the server at ${url} has no studio; start it with "openmemory serve", without --no-ui, in a version that has it`,
    { retryable: false },
  )
}
