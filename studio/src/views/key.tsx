// Which key is used? Asked for when the server wants one, and when it no longer takes the one given.

import { useState } from 'preact/hooks'
import { useFocus } from '../components/focus'
import { useKey, wanted } from '../state/session'

export function KeyView() {
  const [text, setText] = useState('')
  const first = useFocus<HTMLInputElement>()
  const refused = wanted.value === 'refused'
  return (
    <main class="key">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim()) useKey(text.trim())
        }}
      >
        <span aria-hidden="true" class="logo" />
        <h1>OpenMemory</h1>
        {refused ? (
          <p role="alert" class="problem">
            The server does not accept this key, or not any longer. Enter another one.
          </p>
        ) : (
          <p>This server asks for a key.</p>
        )}
        <label>
          Key
          <input
            type="password"
            autocomplete="off"
            value={text}
            ref={first}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="main">
          Continue
        </button>
        <p class="hint">
          It is kept for this tab only, and sent to this server only. <code>openmemory keys create</code> makes one.
        </p>
      </form>
    </main>
  )
}
