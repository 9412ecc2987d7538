// What is the SHA-256 of a text? In plain JavaScript, because an adapter may run where there is no `node:crypto`, and Web
// Crypto answers with a promise.

/** FIPS 180-4 takes its constants from the first 32 bits of the fractions of roots of the first primes. */
const PRIMES = primes(64)
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
const ENCODER = new TextEncoder()
/** The digits of each byte: writing whole words as numbers takes far longer. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Of the block at hand, for all calls: none of them waits. */
const words = new Int32Array(64)

/** As 64 hexadecimal digits. */
export function sha256(text: string): string {
  const hash = INITIAL.slice()
  const blocks = padded(ENCODER.encode(text))
  for (let at = 0; at < blocks.byteLength; at += 64) addBlock(hash, blocks, at)
  let digits = ''
  for (const word of hash) for (const bits of [24, 16, 8, 0]) digits += DIGITS[(word >>> bits) & 0xff]
  return digits
}

function addBlock(hash: Int32Array, blocks: DataView, at: number): void {
  for (let n = 0; n < 16; n++) words[n] = blocks.getInt32(at + 4 * n)
  for (let n = 16; n < 64; n++) {
    const early = words[n - 15] as number
    const late = words[n - 2] as number
    const first = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)
    const second = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10)
    words[n] = (words[n - 16] as number) + first + (words[n - 7] as number) + second
  }
  let a = hash[0] as number
  let b = hash[1] as number
  let c = hash[2] as number
  let d = hash[3] as number
  let e = hash[4] as number
  let f = hash[5] as number
  let g = hash[6] as number
  let h = hash[7] as number
  for (let n = 0; n < 64; n++) {
    const chosen = (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g))
    const next = (h + chosen + (ROUND[n] as number) + (words[n] as number)) | 0
    const majority = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + next) | 0
    d = c
    c = b
    b = a
    a = (next + majority) | 0
  }
  const added = [a, b, c, d, e, f, g, h]
  for (let n = 0; n < 8; n++) hash[n] = (hash[n] as number) + (added[n] as number)
}

/** With a one, zeros and the length in bits, in blocks of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setUint32(all.length - 8, bytes.length / 2 ** 29)
  view.setUint32(all.length - 4, bytes.length * 8)
  return view
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
