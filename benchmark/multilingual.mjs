// What does the multilingual model cost? Size and install time of its package, and how much longer a content update
// takes than embedding its text in eight languages.
//   node benchmark/multilingual.mjs [--quick]       (`npm run build:multilingual` makes the package's files)

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { OpenMemory } from '../index.mjs'
import { embedOnly } from './content-updates.mjs'
import { inTurns, timed } from './rounds.mjs'

const FOLDER = fileURLToPath(new URL('../npm/model-multilingual', import.meta.url))
const EMBEDDER = {
  ...{ model: join(FOLDER, 'multilingual-e5-small.onnx'), tokenizer: join(FOLDER, 'tokenizer.json') },
  ...{ queryPrefix: 'query: ', passagePrefix: 'passage: ' },
}
const MEGABYTE = 1e6
/** About 30 tokens each. No text is embedded twice: a number is added. */
const SENTENCES = {
  English: 'My sister has lived in Hamburg for three years, and every Sunday we talk on the phone for an hour, number',
  German: 'Meine Schwester wohnt seit drei Jahren in Hamburg, und jeden Sonntag telefonieren wir eine Stunde, Nummer',
  Spanish: 'Mi hermana vive en Hamburgo desde hace tres años y cada domingo hablamos una hora por teléfono, número',
  French: 'Ma sœur habite à Hambourg depuis trois ans et chaque dimanche nous parlons une heure au téléphone, numéro',
  Russian: 'Моя сестра уже три года живёт в Гамбурге, и каждое воскресенье мы час говорим по телефону, номер',
  Arabic: 'تعيش أختي في هامبورغ منذ ثلاث سنوات، وكل يوم أحد نتحدث ساعة كاملة عبر الهاتف، رقم',
  Chinese: '我姐姐在汉堡住了三年，每个星期天我们都要在电话里聊一个小时，谈谈工作和孩子们，编号',
  Japanese: '姉は三年前からハンブルクに住んでいて、毎週日曜日に電話で一時間話しています。番号',
}

const quick = process.argv.includes('--quick')
if (!existsSync(join(FOLDER, 'tokenizer.json'))) {
  console.error('the package has no files yet: npm run build:multilingual')
  process.exit(2)
}
const directory = mkdtempSync(join(tmpdir(), 'multilingual-'))
try {
  install()
  await update()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** From a file, so that the network does not count. */
function install() {
  const npm = (...args) => execFileSync('npm', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] })
  const [packed] = JSON.parse(npm('pack', FOLDER, '--json', '--ignore-scripts'))
  const file = join(directory, packed.filename)
  writeFileSync(join(directory, 'package.json'), '{"private": true}')
  const start = performance.now()
  npm('install', file, '--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error')
  const seconds = (performance.now() - start) / 1000
  const megabytes = (bytes) => `${(bytes / MEGABYTE).toFixed(1)} MB`
  say('package, packed', megabytes(statSync(file).size))
  say('package, on disk', megabytes(packed.unpackedSize), '90 MB')
  say('installing it', `${seconds.toFixed(1)} s`, '10 s')
}

async function update() {
  const om = new OpenMemory({ path: join(directory, 'store'), durability: 'flush', embedder: EMBEDDER })
  try {
    await om.ready()
    let number = 0
    const next = (sentence) => `${sentence} ${++number}.`
    for (const [language, sentence] of Object.entries(SENTENCES)) {
      const { id } = await om.addMemory({ content: next(sentence), user_id: 'ada' })
      const { ours, other, ratio } = await inTurns({
        rounds: quick ? 5 : 61,
        ours: () => timed(() => om.updateMemory(id, { content: next(sentence) })),
        other: () => timed(() => embedOnly(om, next(sentence))),
      })
      say(
        `content update, ${language}`,
        `${ours.toFixed(1)} ms, embedding ${other.toFixed(1)} ms: ${ratio.toFixed(2)}`,
        '1.05',
      )
    }
  } finally {
    await om.close()
  }
}

function say(what, measured, goal) {
  console.log(`${what.padEnd(28)}${measured}${goal === undefined ? '' : `   (at most ${goal})`}`)
}
