// What happened just now, with a way back.

import { dismiss, notices, undo } from '../state/notices'

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <div key={notice.id} class={notice.bad ? 'notice bad' : 'notice'}>
          <span>{notice.text}</span>
          {notice.undo && (
            <button type="button" onClick={() => notice.undo && undo(notice.undo)}>
              Undo
            </button>
          )}
          <button type="button" class="quiet icon" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  )
}
