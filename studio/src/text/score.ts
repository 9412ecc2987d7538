// What is a score made of? Its parts, gathered into the few that a reader can tell apart.

export const GROUPS = ['words', 'meaning', 'run', 'time', 'salience', 'feedback', 'base'] as const
export type Group = (typeof GROUPS)[number]

export const GROUP_NAMES: Record<Group, string> = {
  words: 'Words',
  meaning: 'Meaning',
  run: 'Run around it',
  time: 'Time',
  salience: 'Salience',
  feedback: 'Feedback',
  base: 'Base',
}

const GROUP_OF: Record<string, Group> = {
  lexical: 'words',
  same: 'meaning',
  tag_named: 'words',
  dense: 'meaning',
  background: 'meaning',
  is_question: 'base',
  in_run: 'run',
  after_question: 'run',
  question: 'run',
  next: 'run',
  before_last: 'run',
  after_next: 'run',
  run: 'run',
  time: 'time',
  salience: 'salience',
  feedback: 'feedback',
}

export interface Part {
  name: string
  group: Group
  value: number
  weight: number
  points: number
}

export function partsOf(explain: Record<string, { value: number; weight: number }> = {}): Part[] {
  return Object.entries(explain).map(([name, { value, weight }]) => ({
    ...{ name, value, weight, points: value * weight },
    group: GROUP_OF[name] ?? 'base',
  }))
}

/** The points of each group, without groups that have none. */
export function pointsOf(parts: Part[]): { group: Group; points: number }[] {
  return GROUPS.flatMap((group) => {
    const points = parts.filter((part) => part.group === group).reduce((sum, part) => sum + part.points, 0)
    return Math.abs(points) < 0.005 ? [] : [{ group, points }]
  })
}
