// What does Swagger UI lack for those who do not see it? Names and levels, put in whenever it has drawn something.

export function improve(root: HTMLElement): void {
  const all = (selector: string, change: (element: HTMLElement) => void) => {
    for (const element of root.querySelectorAll<HTMLElement>(selector)) change(element)
  }
  const name = (selector: string, label: string) =>
    all(selector, (element) => {
      if (!element.ariaLabel) element.ariaLabel = label
    })
  const region = (selector: string, role: string, label: string) =>
    all(selector, (element) => {
      element.role = role
      element.ariaLabel = label
    })
  const put = () => {
    all('h3.opblock-tag', (heading) => heading.setAttribute('aria-level', '2'))
    all('.opblock h4, .opblock h5', (heading) => heading.setAttribute('aria-level', '3'))
    region('.information-container', 'region', 'About')
    region('.schemes-server-container', 'region', 'Server and key')
    region('.filter-container', 'search', 'Filter')
    all('.responses-table[role=region]', (table) => {
      table.ariaLabel = `Responses ${table.id}`
    })
    name('textarea.body-param__text', 'Body')
    name('select#servers', 'Server')
    name('.parameters-col_description input', 'Value')
    name('.parameters-col_description select', 'Value')
    name('select.content-type', 'Content type')
    name('input.operation-filter-input', 'Filter by subject')
    all('pre', (code) => {
      code.tabIndex = 0
    })
  }
  // Opening a route changes much at once.
  let waiting = false
  const later = () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => {
      waiting = false
      put()
    })
  }
  new MutationObserver(later).observe(root, { childList: true, subtree: true })
}
