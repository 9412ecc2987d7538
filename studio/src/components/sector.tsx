export const SECTORS = ['episodic', 'semantic', 'procedural', 'emotional', 'reflective']

export function SectorName({ name }: { name: string }) {
  return <span class={`sector ${name}`}>{name}</span>
}

export function Meter({ value, label }: { value: number; label: string }) {
  const percent = Math.round(value * 100)
  return (
    <span class="meter" role="meter" aria-label={label} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}>
      <span style={{ width: `${percent}%` }} />
    </span>
  )
}
