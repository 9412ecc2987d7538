// openmemory keys: creates, lists and revokes the keys of a server.

import { join, resolve } from 'node:path'
import { addon } from '../../native/addon'
import { parse } from '../../native/answer'
import { directoryOf } from '../../native/directory'
import { KEY_FILE } from '../../native/server'
import { resolveLink } from '../../pipes'
import { type Command, text, UsageError, type Values } from '../command'
import { BOOLEAN, STRING } from '../flags'
import { styled } from '../print'

interface Key {
  id: string
  name: string
  tenant: string
  role: string
  created_at: string
  revoked_at?: string
  key?: string
}

export const keys: Command = {
  name: 'keys',
  usage: 'create | list | revoke ID',
  summary: 'Create, list and revoke the keys of a server',
  flags: { tenant: STRING, name: STRING, metrics: BOOLEAN, 'key-file': STRING },
  help: {
    tenant: 'the tenant whose memories the key opens (default: the one of the directory itself)',
    name: 'a name to recognize the key by',
    metrics: 'a key for /metrics and nothing else',
    'key-file': 'the file that stores hashes of the keys (DIR/keys.json)',
  },
  example: 'openmemory keys create --tenant acme --name laptop',
  async run({ words: [action, id, ...more], values }) {
    const file = new (addon().Keys)(resolveLink(keyFile(values)))
    if (more.length > 0) throw new UsageError('too many arguments')
    for (const name of ['tenant', 'name', 'metrics']) {
      if (action !== 'create' && values[name] !== undefined) throw new UsageError(`--${name} is for create only`)
    }
    if (action === 'list' && id === undefined) return parse<Key[]>(file.list())
    if (action === 'revoke' && id !== undefined) return parse<Key>(file.revoke(id))
    if (action !== 'create' || id !== undefined) throw new UsageError('the action must be create, list or revoke ID')
    const [tenant, name] = [text(values, 'tenant') ?? 'default', text(values, 'name') ?? 'unnamed']
    return parse<Key>(file.create(tenant, name, values.metrics === true))
  },
  print(result: Key | Key[], call) {
    if (Array.isArray(result)) {
      if (result.length === 0) call.say('No keys.')
      for (const { id, tenant, role, name, revoked_at } of result) {
        const owner = role === 'metrics' ? '(metrics)' : tenant
        call.say(`${id}  ${owner}  ${name}${revoked_at ? `  revoked ${revoked_at}` : ''}`)
      }
    } else if (result.key) {
      call.say(`${styled('bold', result.key)}\nThis is ${result.id}. The key is shown only once.`)
    } else {
      call.say(`${result.id} is revoked.`)
    }
  },
}

function keyFile(values: Values): string {
  if (values.url !== undefined) throw new UsageError('keys are managed on the machine of the server: use --path')
  return resolve(text(values, 'key-file') ?? join(directoryOf(text(values, 'path')), KEY_FILE))
}
