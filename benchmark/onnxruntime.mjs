// How is text embedded with onnxruntime and the same model file?

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const model = fileURLToPath(new URL('../model/all-MiniLM-L6-v2.onnx', import.meta.url))

/** Returns a function from token ids to the text's vector: mean pooling, length 1, one thread. */
export async function onnxruntime() {
  const { InferenceSession, Tensor } = require('onnxruntime-node')
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Otherwise the weights would be dequantised on every call. With this they are when the model is loaded, and it is
    // as fast as with f32 weights.
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
