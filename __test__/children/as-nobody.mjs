// Tries to use directories as a user without permissions.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [own, ...others] = process.argv.slice(2)
// Loaded before the permissions are dropped.
const before = new OpenMemory({ path: own, embedder: 'test' })
await before.ready()
await before.close()
process.setgid(65_534)
process.setuid(65_534)
const codes = []
for (const path of others) {
  const om = new OpenMemory({ path, embedder: 'test' })
  codes.push(
    await om.addMemory({ content: 'x' }).then(
      () => 'done',
      (error) => error.code,
    ),
  )
  await om.close()
}
process.send(codes)
process.disconnect()
