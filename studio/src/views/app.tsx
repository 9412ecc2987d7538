// Which view is on the page, and which keys lead to which?

import { useEffect, useState } from 'preact/hooks'
import { undoLatest } from '../state/notices'
import { go, route } from '../state/route'
import { wanted } from '../state/session'
import { nextTheme } from '../state/theme'
import { Help } from './help'
import { KeyView } from './key'
import { Memories } from './memories'
import { Overview } from './overview'
import { Review } from './review'
import { SearchView } from './search'
import { Shell } from './shell'

const VIEW_KEYS: Record<string, string> = { m: 'memories', s: 'search', o: 'overview', r: 'review' }

export function App() {
  const [help, setHelp] = useState(false)
  useEffect(() => {
    let afterG = false
    const onKey = (event: KeyboardEvent) => {
      const { target, key: name } = event
      const typing = target instanceof HTMLElement && target.closest('input, textarea, select, dialog')
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return
      const view = afterG ? VIEW_KEYS[name] : undefined
      afterG = name === 'g'
      if (view) return go(view)
      const actions: Record<string, () => void> = {
        '?': () => setHelp(true),
        '/': () => go('search'),
        t: nextTheme,
        u: undoLatest,
      }
      const action = actions[name]
      if (!action) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])

  if (wanted.value !== 'no') return <KeyView />
  const { view } = route.value
  return (
    <Shell onHelp={() => setHelp(true)}>
      {view === 'search' ? (
        <SearchView />
      ) : view === 'overview' ? (
        <Overview />
      ) : view === 'review' ? (
        <Review />
      ) : (
        <Memories />
      )}
      {help && <Help onClose={() => setHelp(false)} />}
    </Shell>
  )
}
