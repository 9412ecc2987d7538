// Plots, drawn as SVG.

import { shortDay } from '../text/time'

export interface Day {
  day: Date
  count: number
}

/** About as wide as a panel, so that its texts are as large as the others. */
const WIDTH = 450
const HEIGHT = 110

export function DayPlot({ days, label }: { days: Day[]; label: string }) {
  const most = Math.max(1, ...days.map(({ count }) => count))
  const step = WIDTH / Math.max(1, days.length)
  const total = days.reduce((sum, { count }) => sum + count, 0)
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT + 22}`}
      role="img"
      aria-label={`${label}: ${total.toLocaleString()} in ${days.length} days, at most ${most.toLocaleString()} a day`}
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} class="axis" />
      {days.map(({ day, count }, at) => {
        const height = (count / most) * (HEIGHT - 16)
        return (
          <rect key={at} x={at * step + 1} y={HEIGHT - height} width={step - 2} height={height} rx="2">
            <title>
              {shortDay(day)}: {count.toLocaleString()}
            </title>
          </rect>
        )
      })}
      <text x="0" y="10">
        {most.toLocaleString()}
      </text>
      {days.length > 0 && (
        <>
          <text x="0" y={HEIGHT + 17}>
            {shortDay((days[0] as Day).day)}
          </text>
          <text x={WIDTH} y={HEIGHT + 17} text-anchor="end">
            {shortDay((days.at(-1) as Day).day)}
          </text>
        </>
      )}
    </svg>
  )
}

export interface Bar {
  name: string
  count: number
  href?: string
  kind?: string
}

export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <ul class="bars" aria-label={label}>
      {bars.map(({ name, count, href, kind = '' }) => (
        <li key={name}>
          <span class="bar-name">{href ? <a href={href}>{name}</a> : name}</span>
          <span class="bar-line" aria-hidden="true">
            <span class={kind} style={{ width: `${(count / most) * 100}%` }} />
          </span>
          <span class="bar-count">{count.toLocaleString()}</span>
        </li>
      ))}
    </ul>
  )
}
