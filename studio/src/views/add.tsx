// A new memory.

import { useState } from 'preact/hooks'
import { add, deleteMany } from '../api/memories'
import { explainError } from '../api/request'
import type { Json } from '../api/types'
import { Dialog } from '../components/dialog'
import { notify } from '../state/notices'
import { go, route } from '../state/route'

export function AddDialog({ onClose }: { onClose(): void }) {
  const [content, setContent] = useState('')
  const [user, setUser] = useState(route.value.params.get('user_id') ?? '')
  const [tags, setTags] = useState('')
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)

  const save = async (event?: Event) => {
    event?.preventDefault()
    if (busy) return
    setBusy(true)
    const list = tags.split(',').map((tag) => tag.trim())
    const memory: Record<string, Json> = {
      content,
      tags: list.filter(Boolean),
      ...(user.trim() && { user_id: user.trim() }),
    }
    try {
      const added = await add(memory)
      notify('Added a memory', async () => {
        await deleteMany([added.id])
      })
      onClose()
      go('memories', added.id)
    } catch (error) {
      setProblem(explainError(error))
      setBusy(false)
    }
  }

  return (
    <Dialog title="New memory" onClose={onClose}>
      <form class="stack" onSubmit={save} onKeyDown={(event) => event.key === 'Enter' && event.ctrlKey && save(event)}>
        <label>
          Text
          <textarea rows={4} autofocus value={content} onInput={(event) => setContent(event.currentTarget.value)} />
        </label>
        <div class="columns">
          <label>
            User
            <input value={user} onInput={(event) => setUser(event.currentTarget.value)} />
          </label>
          <label>
            Tags, separated by commas
            <input value={tags} onInput={(event) => setTags(event.currentTarget.value)} />
          </label>
        </div>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="main" disabled={content.trim() === '' || busy}>
            Add
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
