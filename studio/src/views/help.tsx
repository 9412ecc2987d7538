// Which keys do what?

import { Dialog } from '../components/dialog'

const KEYS: [string, string][] = [
  ['g then m, s, o, r', 'memories, search, overview, review'],
  ['/', 'search'],
  ['f', 'filter'],
  ['n', 'new memory'],
  ['↑ ↓ Home End', 'move in the list'],
  ['Enter', 'open the memory'],
  ['Space', 'select the row; with Shift, all up to it'],
  ['Ctrl A', 'select all loaded rows'],
  ['e', 'edit the open memory'],
  ['Ctrl Enter', 'save'],
  ['Delete', 'delete the open memory, or the selection'],
  ['u', 'undo the latest change'],
  ['Esc', 'close, or clear the selection'],
  ['t', 'theme'],
  ['?', 'this list'],
]

export function Help({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
