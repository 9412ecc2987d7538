// How does onnxruntime embed a text with the same model file?

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const model = fileURLToPath(new URL('../model/all-MiniLM-L6-v2.onnx', import.meta.url))

/** Gives the function from token ids to the text's vector: mean of all tokens, length 1. One thread. */
export async function onnxruntime() {
  const { InferenceSession, Tensor } = require('onnxruntime-node')
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Otherwise it would dequantise the weights on every call. So it does once, when it loads, and is as fast as with a
    // file of f32 weights.
    extra: { session: { disable_quant_qdq: '1' } },
  })
  return async (ids) => {
    const input = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length])
    const { last_hidden_state: states } = await session.run({ input_ids: input })
    return mean(states.data, states.dims[2])
  }
}

function mean(states, width) {
  const sum = new Float32Array(width)
  for (let row = 0; row < states.length; row += width) for (let at = 0; at < width; at++) sum[at] += states[row + at]
  const length = Math.hypot(...sum)
  return sum.map((value) => value / length)
}
