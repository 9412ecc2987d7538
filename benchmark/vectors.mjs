// Which vectors are searched? Clusters on the unit sphere, like embeddings of related texts.

import { normal, randomFrom } from './random.mjs'

export const DIMENSIONS = 384
const CLUSTERS = 100
/** The distance of a vector from the centre of its cluster: cosines of about 0.7 within a cluster. */
const SPREAD = 0.65

export function clustered(seed) {
  const random = randomFrom(seed)
  const draw = () => Float32Array.from({ length: DIMENSIONS }, () => normal(random) / Math.sqrt(DIMENSIONS))
  const centres = Array.from({ length: CLUSTERS }, () => unit(draw()))
  return {
    next() {
      const centre = centres[Math.floor(random() * CLUSTERS)]
      const away = draw()
      return unit(centre.map((value, at) => value + SPREAD * away[at]))
    },
  }
}

function unit(vector) {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}
