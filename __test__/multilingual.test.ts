// The multilingual model is a package of its own: new stores use it where it is installed, others keep their model. Without
// its files, which `npm run build:multilingual` makes, the tests that need them report that they were skipped.

import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { OpenMemory, type Sector } from '@openmemory/sdk'
import { examplesOf, printedBy, projectWithPackage, ROOT, read } from './helpers/markdown'
import { openModelStore } from './helpers/store'

const PACKAGE = 'model-multilingual'
const modelTest = existsSync(join(ROOT, 'npm', PACKAGE, 'tokenizer.json')) ? test : test.skip

/** No prototype and no cue was written for these. */
const SENTENCES: [Sector, string][] = [
  // Deutsch
  ['semantic', 'Lisa spielt Geige.'],
  ['semantic', 'Das Lager fasst etwa viertausend Paletten.'],
  ['semantic', 'Jorge spricht fließend Portugiesisch.'],
  ['episodic', 'Am Samstagabend haben wir am Hafen ihre Beförderung gefeiert.'],
  ['episodic', 'Vor zwei Tagen war die Festplatte der Datenbank voll.'],
  ['procedural', 'Öffne langsam das Ventil, warte, bis der Druck sinkt, und nimm dann die Kappe ab.'],
  ['procedural', 'Für eine Erstattung fülle das Formular aus und schicke es mit der Quittung an die Buchhaltung.'],
  ['emotional', 'Die Nachricht hat ihm das Herz gebrochen.'],
  ['emotional', 'Er hat furchtbare Angst vor dem Fliegen.'],
  ['reflective', 'Mir fällt auf, dass ich Menschen zu schnell beurteile.'],
  ['reflective', 'Ohne Geld aufzuwachsen hat geprägt, wie ich über Erfolg denke.'],
  // Español
  ['semantic', 'Lisa toca el violín.'],
  ['semantic', 'En el almacén caben unas cuatro mil cajas.'],
  ['semantic', 'Jorge habla portugués con fluidez.'],
  ['episodic', 'El sábado por la noche celebramos su ascenso en el puerto.'],
  ['episodic', 'Hace dos días la base de datos se quedó sin espacio.'],
  ['procedural', 'Abre la válvula despacio, espera a que baje la presión y quita la tapa.'],
  ['procedural', 'Para un reembolso, rellena el formulario y envíalo con el recibo a contabilidad.'],
  ['emotional', 'La noticia le rompió el corazón.'],
  ['emotional', 'Le aterra volar.'],
  ['reflective', 'Me doy cuenta de que juzgo a la gente demasiado rápido.'],
  ['reflective', 'Crecer sin dinero marcó mi forma de pensar sobre el éxito.'],
  // Français
  ['semantic', 'Lisa joue du violon.'],
  ['semantic', "L'entrepôt contient environ quatre mille palettes."],
  ['semantic', 'Jorge parle couramment le portugais.'],
  ['episodic', 'Samedi soir, nous avons fêté sa promotion au port.'],
  ['episodic', "Il y a deux jours, la base de données n'avait plus de place."],
  ['procedural', 'Ouvrez lentement la vanne, attendez que la pression baisse, puis retirez le bouchon.'],
  ['procedural', 'Pour un remboursement, remplissez le formulaire et envoyez-le avec le reçu à la comptabilité.'],
  ['emotional', 'La nouvelle lui a brisé le cœur.'],
  ['emotional', "Il est terrifié à l'idée de prendre l'avion."],
  ['reflective', 'Je remarque que je juge les gens trop vite.'],
  ['reflective', 'Grandir sans argent a façonné ma façon de penser la réussite.'],
  // Русский
  ['semantic', 'Лиза играет на скрипке.'],
  ['semantic', 'На складе помещается около четырёх тысяч поддонов.'],
  ['semantic', 'Жорже свободно говорит по-португальски.'],
  ['episodic', 'В субботу вечером мы отметили её повышение в порту.'],
  ['episodic', 'Два дня назад на диске базы данных закончилось место.'],
  ['procedural', 'Медленно откройте клапан, подождите, пока давление упадёт, и снимите крышку.'],
  ['procedural', 'Для возврата денег заполните форму и отправьте её с чеком в бухгалтерию.'],
  ['emotional', 'Эта новость разбила ему сердце.'],
  ['emotional', 'Он ужасно боится летать.'],
  ['reflective', 'Я замечаю, что слишком быстро сужу людей.'],
  ['reflective', 'Детство без денег повлияло на то, как я думаю об успехе.'],
  // العربية
  ['semantic', 'ليزا تعزف على الكمان.'],
  ['semantic', 'يتسع المستودع لنحو أربعة آلاف صندوق.'],
  ['semantic', 'خورخي يتحدث البرتغالية بطلاقة.'],
  ['episodic', 'احتفلنا مساء السبت بترقيتها في الميناء.'],
  ['episodic', 'قبل يومين امتلأ قرص قاعدة البيانات.'],
  ['procedural', 'افتح الصمام ببطء وانتظر حتى ينخفض الضغط ثم انزع الغطاء.'],
  ['procedural', 'لاسترداد المبلغ املأ النموذج وأرسله مع الإيصال إلى قسم المحاسبة.'],
  ['emotional', 'حطم الخبر قلبه.'],
  ['emotional', 'إنه يخاف من الطيران خوفًا شديدًا.'],
  ['reflective', 'ألاحظ أنني أحكم على الناس بسرعة.'],
  ['reflective', 'نشأتي بلا مال شكلت طريقة تفكيري في النجاح.'],
  // हिन्दी
  ['semantic', 'लीज़ा वायलिन बजाती है।'],
  ['semantic', 'गोदाम में लगभग चार हज़ार डिब्बे आते हैं।'],
  ['semantic', 'जॉर्ज धाराप्रवाह पुर्तगाली बोलता है।'],
  ['episodic', 'शनिवार की शाम हमने बंदरगाह पर उसकी पदोन्नति मनाई।'],
  ['episodic', 'दो दिन पहले डेटाबेस की डिस्क भर गई थी।'],
  ['procedural', 'वाल्व धीरे से खोलें, दबाव कम होने तक रुकें, फिर ढक्कन हटाएँ।'],
  ['procedural', 'पैसे वापस पाने के लिए फ़ॉर्म भरें और रसीद के साथ लेखा विभाग को भेजें।'],
  ['emotional', 'इस ख़बर ने उसका दिल तोड़ दिया।'],
  ['emotional', 'उसे उड़ान से बहुत डर लगता है।'],
  ['reflective', 'मैं देखता हूँ कि मैं लोगों को बहुत जल्दी आँक लेता हूँ।'],
  ['reflective', 'बिना पैसे के बड़े होने से सफलता के बारे में मेरी सोच बनी।'],
  // 中文
  ['semantic', '丽莎会拉小提琴。'],
  ['semantic', '仓库大约能放四千个托盘。'],
  ['semantic', '豪尔赫的葡萄牙语很流利。'],
  ['episodic', '星期六晚上我们在港口庆祝了她的升职。'],
  ['episodic', '两天前数据库的磁盘满了。'],
  ['procedural', '慢慢打开阀门，等压力下降后再取下盖子。'],
  ['procedural', '如需退款，请填写表格并连同收据寄给会计部。'],
  ['emotional', '这个消息让他心碎。'],
  ['emotional', '他非常害怕坐飞机。'],
  ['reflective', '我发现自己太快评判别人。'],
  ['reflective', '在没有钱的环境中长大影响了我对成功的看法。'],
  // 日本語
  ['semantic', 'リサはバイオリンを弾きます。'],
  ['semantic', '倉庫には約四千個のパレットが入ります。'],
  ['semantic', 'ホルヘはポルトガル語が流暢です。'],
  ['episodic', '土曜日の夜、港で彼女の昇進を祝いました。'],
  ['episodic', '二日前にデータベースのディスクがいっぱいになりました。'],
  ['procedural', 'バルブをゆっくり開け、圧力が下がるのを待ってからキャップを外してください。'],
  ['procedural', '返金を受けるには用紙に記入し、領収書と一緒に経理に送ってください。'],
  ['emotional', 'その知らせに彼の心は張り裂けた。'],
  ['emotional', '彼は飛行機に乗るのがとても怖い。'],
  ['reflective', '自分は人をすぐに判断しすぎると気づいた。'],
  ['reflective', 'お金のない家で育ったことが、成功についての考え方を形作った。'],
]
const GUIDE = examplesOf(read('docs/guide/languages.md'))

test('without its package, the model is refused with what to install', () => {
  expect(() => new OpenMemory({ embedder: 'multilingual' })).toThrow(
    expect.objectContaining({
      ...{ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ field: 'embedder' }) },
      message: expect.stringContaining('npm install @openmemory/model-multilingual'),
    }),
  )
})

modelTest.each(GUIDE)('the example about $output is found', (example) => {
  expect(printedBy(example, PACKAGE)).toBe(example.output)
})

test('the guide has eight languages', () => {
  expect(GUIDE.length).toBeGreaterThan(8)
})

modelTest('a new store uses the model where it is installed', () => {
  expect(
    inProject(`const om = new OpenMemory({ path: 'new' })
    await om.addMemory({ content: 'Ich mag Tee.' })
    console.log((await om.stats()).model.id)`),
  ).toMatch(/^multilingual-e5-small@/)
})

modelTest('a store that the shipped model has filled keeps it, until it is reindexed', async () => {
  const project = projectWithPackage(PACKAGE)
  const shipped = openModelStore(join(project, 'old'))
  await shipped.addMemory({ id: 'a', content: 'The dentist is on Tuesday.' })
  const { model } = await shipped.stats()
  await shipped.close()
  const printed = inProject(
    `const model = async (om) => { const { model } = await om.stats(); await om.close(); return model.id }
    const kept = new OpenMemory({ path: 'old' })
    await kept.addMemory({ content: 'A second text.' })
    console.log(await model(kept))
    const asked = new OpenMemory({ path: 'old', embedder: 'multilingual' })
    console.log(await asked.searchMemories('dentist').catch(({ code }) => code))
    await asked.reindex()
    console.log((await asked.searchMemories('Wann muss ich zum Zahnarzt?'))[0].id)
    await asked.close()
    console.log(await model(new OpenMemory({ path: 'old' })))`,
    project,
  )
  expect(printed.trim().split('\n')).toEqual([
    ...[(model as { id: string }).id, 'MODEL_MISMATCH', 'a'],
    expect.stringMatching(/^multilingual-e5-small@/),
  ])
})

modelTest('at least three of four sentences get their sector in eight languages', () => {
  const program = `const om = new OpenMemory({ path: 'sectors', durability: 'interval' })
    const sectors = []
    for (const content of ${JSON.stringify(SENTENCES.map(([, content]) => content))}) {
      sectors.push((await om.addMemory({ content })).primary_sector)
    }
    console.log(JSON.stringify(sectors))
    await om.close()`
  const sectors = JSON.parse(inProject(program)) as string[]
  const wrong = SENTENCES.filter(([sector], at) => sectors[at] !== sector)
  expect({ wrong, enough: wrong.length <= SENTENCES.length / 4 }).toEqual({ wrong, enough: true })
})

modelTest(
  'an answer in Chinese is not taken for the text of its question, and a copy of the model ranks as it does',
  () => {
    const folder = join(ROOT, 'npm', PACKAGE)
    const copy = {
      ...{ model: join(folder, 'multilingual-e5-small.onnx'), tokenizer: join(folder, 'tokenizer.json') },
      ...{ queryPrefix: 'query: ', passagePrefix: 'passage: ' },
    }
    const program = `const found = []
    for (const embedder of ['multilingual', ${JSON.stringify(copy)}]) {
      const om = new OpenMemory({ path: 'chinese-' + found.length, embedder })
      await om.addMemory({ content: '我的生日是五月三日。' })
      for (const query of ['我的生日是哪一天？', '我的生日是五月三日。']) {
        const [{ explain }] = await om.searchMemories(query, { explain: true })
        found.push([explain.same?.value ?? 0, explain.dense.value])
      }
      await om.close()
    }
    console.log(JSON.stringify(found))`
    const [answer, same, ...ofCopy] = JSON.parse(inProject(program)) as [number, number][]
    expect([answer?.[0], same?.[0]]).toEqual([0, 1])
    expect(ofCopy).toEqual([answer, same])
  },
)

/** What a program prints in a project that has this package and the model's. */
function inProject(program: string, project = projectWithPackage(PACKAGE)): string {
  writeFileSync(join(project, 'program.mjs'), `import { OpenMemory } from '@openmemory/sdk'\n${program}\n`)
  return execFileSync(process.execPath, ['program.mjs'], { cwd: project, encoding: 'utf8' })
}
