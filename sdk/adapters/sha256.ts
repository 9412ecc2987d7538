// What is the SHA-256 of a text? In plain JavaScript, because an adapter may run where there is no `node:crypto`, and Web
// Crypto answers with a promise.

/** FIPS 180-4 takes its constants from the first 32 bits of the fractions of roots of the first primes. */
const PRIMES = primes(64)
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime)))
const INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))

/** As 64 hexadecimal digits. */
export function sha256(text: string): string {
  const hash = [...INITIAL]
  const blocks = padded(new TextEncoder().encode(text))
  for (let at = 0; at < blocks.byteLength; at += 64) addBlock(hash, blocks, at)
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function addBlock(hash: number[], blocks: DataView, at: number): void {
  const words = Array.from({ length: 16 }, (_, n) => blocks.getInt32(at + 4 * n))
  for (let n = 16; n < 64; n++) {
    const [early, late] = [words[n - 15] as number, words[n - 2] as number]
    const [first, second] = [
      rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3),
      rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10),
    ]
    words.push(((words[n - 16] as number) + first + (words[n - 7] as number) + second) | 0)
  }
  let [a, b, c, d, e, f, g, h] = hash as [number, number, number, number, number, number, number, number]
  for (let n = 0; n < 64; n++) {
    const chosen = (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g))
    const next = (h + chosen + (ROUND[n] as number) + (words[n] as number)) | 0
    const majority = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + next) | 0, c, b, a, (next + majority) | 0]
  }
  for (const [n, word] of [a, b, c, d, e, f, g, h].entries()) hash[n] = ((hash[n] as number) + word) | 0
}

/** With a one, zeros and the length in bits, in blocks of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setBigUint64(all.length - 8, BigInt(bytes.length) * 8n)
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
