// Writes the words of dates that questions contain, in 21 languages, to the crate that reads them.
//   node scripts/calendar-words.mjs
// Names of months, weekdays and units, and relative times, are CLDR's, as Intl of Node has them. What CLDR lacks is below.
import { writeFileSync } from 'node:fs'

const FILE = new URL('../crates/openmemory-domain/src/when/words.json', import.meta.url)
const UNITS = ['day', 'week', 'month', 'year']

/**
 * Per language: numbers from one on; what may stand before a month or year; since, before and after a time; between one
 * time and another; last, this and next; the seasons from spring on; the weekend; further forms of months and relative
 * times.
 * @type {Record<string, Record<string, string[]>>}
 */
const WORDS = {
  en: {
    numbers: [
      'one,a,an',
      'two',
      'three,few',
      'four,several',
      'five',
      'six',
      'seven',
      'eight',
      'nine',
      'ten',
      'eleven',
      'twelve',
    ],
    in: ['in', 'on', 'of', 'during', 'by', 'around', 'until', 'from', 'as of', 'early', 'late', 'mid', 'year'],
    since: ['since'],
    before: ['before'],
    after: ['after'],
    between: ['between', 'from'],
    and: ['and', 'to', 'until', 'through'],
    last: ['last', 'the last', 'past', 'previous'],
    this: ['this'],
    next: ['next'],
    seasons: ['spring', 'summer', 'autumn,fall', 'winter'],
    weekend: ['weekend'],
    filler: ['of', 'the', 'st', 'nd', 'rd', 'th'],
    phrases: [
      'the day before yesterday=day-2',
      'couple of days ago=day-2',
      'couple of weeks ago=week-2',
      'couple of months ago=month-2',
      'couple of years ago=year-2',
    ],
  },
  ar: {
    numbers: [
      'واحد',
      'اثنين',
      'ثلاثة,ثلاث',
      'أربعة,أربع',
      'خمسة,خمس',
      'ستة,ست',
      'سبعة,سبع',
      'ثمانية',
      'تسعة,تسع',
      'عشرة,عشر',
    ],
    in: ['في', 'خلال', 'عام', 'في عام', 'سنة', 'شهر', 'في شهر'],
    since: ['منذ'],
    before: ['قبل'],
    after: ['بعد'],
    between: ['بين'],
    and: ['و', 'إلى'],
    last: ['الماضي', 'الماضية'],
    this: ['هذا', 'هذه'],
    next: ['القادم', 'القادمة', 'المقبل'],
    seasons: ['الربيع', 'الصيف', 'الخريف', 'الشتاء'],
    weekend: ['عطلة نهاية الأسبوع', 'نهاية الأسبوع'],
  },
  da: {
    numbers: ['en,et', 'to', 'tre', 'fire', 'fem', 'seks', 'syv', 'otte', 'ni', 'ti'],
    in: ['i', 'den', 'i løbet af', 'omkring', 'fra'],
    since: ['siden'],
    before: ['før'],
    after: ['efter'],
    between: ['mellem'],
    and: ['og', 'til'],
    last: ['sidste', 'forrige'],
    this: ['denne', 'dette'],
    next: ['næste'],
    seasons: ['forår', 'sommer', 'efterår', 'vinter'],
    weekend: ['weekend'],
  },
  de: {
    numbers: ['einem,einer', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf', 'zwölf'],
    in: ['im', 'am', 'in', 'um', 'anfang', 'ende', 'mitte', 'im jahr', 'im jahre', 'vom', 'bis', 'während'],
    since: ['seit'],
    before: ['vor', 'vor dem'],
    after: ['nach', 'nach dem'],
    between: ['zwischen', 'zwischen dem'],
    and: ['und', 'und dem', 'bis'],
    last: ['letzten', 'letzte', 'letztes', 'letzter', 'vergangenen', 'vorigen'],
    this: ['diesen', 'diese', 'dieses', 'dieser', 'diesem'],
    next: ['nächsten', 'nächste', 'nächstes', 'kommenden'],
    seasons: ['frühling,frühjahr', 'sommer', 'herbst', 'winter'],
    weekend: ['wochenende'],
    phrases: [
      'letztes jahr=year-1',
      'letzten jahres=year-1',
      'im letzten jahr=year-1',
      'im letzten monat=month-1',
      'in der letzten woche=week-1',
    ],
  },
  el: {
    numbers: [
      'μία,έναν,ένα',
      'δύο',
      'τρεις,τρία',
      'τέσσερις,τέσσερα',
      'πέντε',
      'έξι',
      'επτά,εφτά',
      'οκτώ,οχτώ',
      'εννέα,εννιά',
      'δέκα',
    ],
    in: ['τον', 'το', 'στις', 'τον μήνα', 'κατά'],
    since: ['από', 'από το', 'από τον'],
    before: ['πριν από', 'πριν από τον', 'πριν'],
    after: ['μετά', 'μετά από', 'μετά τον'],
    between: ['μεταξύ', 'ανάμεσα'],
    and: ['και'],
    last: ['περασμένο', 'περασμένη', 'περασμένος', 'προηγούμενο', 'προηγούμενη'],
    this: ['αυτό', 'αυτή', 'αυτόν'],
    next: ['επόμενο', 'επόμενη'],
    seasons: ['άνοιξη', 'καλοκαίρι', 'φθινόπωρο', 'χειμώνα'],
    weekend: ['σαββατοκύριακο'],
    filler: ['του'],
    months: [
      'ιανουάριο,ιανουάριος',
      'φεβρουάριο,φεβρουάριος',
      'μάρτιο,μάρτιος',
      'απρίλιο,απρίλιος',
      'μάιο,μάιος',
      'ιούνιο,ιούνιος',
      'ιούλιο,ιούλιος',
      'αύγουστο,αύγουστος',
      'σεπτέμβριο,σεπτέμβριος',
      'οκτώβριο,οκτώβριος',
      'νοέμβριο,νοέμβριος',
      'δεκέμβριο,δεκέμβριος',
    ],
    phrases: ['πέρυσι=year-1', 'χτες=day-1', 'τον περασμένο μήνα=month-1', 'την περασμένη εβδομάδα=week-1'],
  },
  es: {
    numbers: ['un,una', 'dos', 'tres', 'cuatro', 'cinco', 'seis', 'siete', 'ocho', 'nueve', 'diez', 'once', 'doce'],
    in: ['en', 'de', 'del', 'el', 'durante', 'a principios de', 'a finales de', 'en el año'],
    since: ['desde', 'desde el'],
    before: ['antes de', 'antes del'],
    after: ['después de', 'después del'],
    between: ['entre', 'entre el'],
    and: ['y', 'y el', 'al'],
    last: ['pasado', 'pasada', 'último', 'última', 'últimos', 'últimas'],
    this: ['este', 'esta'],
    next: ['próximo', 'próxima', 'que viene'],
    seasons: ['primavera', 'verano', 'otoño', 'invierno'],
    weekend: ['fin de semana'],
    filler: ['de', 'del'],
  },
  fi: {
    numbers: ['yksi', 'kaksi', 'kolme', 'neljä', 'viisi', 'kuusi', 'seitsemän', 'kahdeksan', 'yhdeksän', 'kymmenen'],
    in: ['vuonna', 'vuoden'],
    since: ['vuodesta'],
    before: ['ennen'],
    after: ['jälkeen'],
    between: [],
    and: ['ja'],
    last: ['viime'],
    this: ['tänä', 'tällä', 'tässä'],
    next: ['ensi'],
    seasons: ['keväällä,kevät', 'kesällä,kesä', 'syksyllä,syksy', 'talvella,talvi'],
    weekend: ['viikonloppuna', 'viikonloppu'],
    weekdays: ['maanantaina', 'tiistaina', 'keskiviikkona', 'torstaina', 'perjantaina', 'lauantaina', 'sunnuntaina'],
  },
  fr: {
    numbers: ['un,une', 'deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit', 'neuf', 'dix', 'onze', 'douze'],
    in: ['en', 'au', 'le', 'du', 'de', 'dès', 'mois de', 'au mois de', 'pendant', 'début', 'fin', 'mi'],
    since: ['depuis', 'depuis le'],
    before: ['avant', 'avant le'],
    after: ['après', 'après le'],
    between: ['entre', 'entre le'],
    and: ['et', 'et le', 'au'],
    last: ['dernier', 'dernière', 'derniers', 'dernières', 'passé'],
    this: ['ce', 'cet', 'cette'],
    next: ['prochain', 'prochaine'],
    seasons: ['printemps', 'été', 'automne', 'hiver'],
    weekend: ['week end', 'weekend'],
    filler: ['er', 'de'],
    phrases: ["l'an dernier=year-1", "l'année dernière=year-1"],
  },
  hu: {
    numbers: ['egy', 'két,kettő', 'három', 'négy', 'öt', 'hat', 'hét', 'nyolc', 'kilenc', 'tíz'],
    in: ['ban', 'ben'],
    since: [],
    before: [],
    after: [],
    between: [],
    and: ['és'],
    last: ['múlt', 'tavaly', 'előző'],
    this: ['ezen a', 'ez a', 'idén'],
    next: ['jövő', 'következő'],
    seasons: ['tavasszal,tavasz', 'nyáron,nyár', 'ősszel,ősz', 'télen,tél'],
    weekend: ['hétvégén', 'hétvége'],
    weekdays: ['hétfőn', 'kedden', 'szerdán', 'csütörtökön', 'pénteken', 'szombaton', 'vasárnap'],
    phrases: ['múlt héten=week-1', 'múlt hónapban=month-1', 'tavaly=year-1'],
  },
  it: {
    numbers: ['un,una', 'due', 'tre', 'quattro', 'cinque', 'sei', 'sette', 'otto', 'nove', 'dieci', 'undici', 'dodici'],
    in: ['a', 'in', 'nel', 'di', 'il', 'del', 'durante', 'ad', 'nel mese di'],
    since: ['da', 'dal'],
    before: ['prima di', 'prima del'],
    after: ['dopo', 'dopo il'],
    between: ['tra', 'fra', 'tra il'],
    and: ['e', 'e il', 'al'],
    last: ['scorso', 'scorsa', 'passato', 'passata', 'ultimi', 'ultime'],
    this: ['questo', 'questa', "quest'"],
    next: ['prossimo', 'prossima'],
    seasons: ['primavera', 'estate', 'autunno', 'inverno'],
    weekend: ['fine settimana', 'weekend'],
    phrases: ["l'anno scorso=year-1", 'la settimana scorsa=week-1', 'il mese scorso=month-1'],
  },
  nl: {
    numbers: ['een,één', 'twee', 'drie', 'vier', 'vijf', 'zes', 'zeven', 'acht', 'negen', 'tien', 'elf', 'twaalf'],
    in: ['in', 'op', 'van', 'tijdens', 'begin', 'eind', 'rond'],
    since: ['sinds', 'vanaf'],
    before: ['voor', 'vóór'],
    after: ['na'],
    between: ['tussen'],
    and: ['en', 'tot'],
    last: ['vorige', 'afgelopen', 'laatste'],
    this: ['deze', 'dit'],
    next: ['volgende', 'komende'],
    seasons: ['lente,voorjaar', 'zomer', 'herfst,najaar', 'winter'],
    weekend: ['weekend'],
    phrases: ['vorig jaar=year-1'],
  },
  no: {
    numbers: ['en,ett,et', 'to', 'tre', 'fire', 'fem', 'seks', 'sju,syv', 'åtte', 'ni', 'ti'],
    in: ['i', 'den', 'i løpet av'],
    since: ['siden'],
    before: ['før'],
    after: ['etter'],
    between: ['mellom'],
    and: ['og', 'til'],
    last: ['forrige', 'sist', 'siste'],
    this: ['denne', 'dette'],
    next: ['neste'],
    seasons: ['vår', 'sommer', 'høst', 'vinter'],
    weekend: ['helg', 'helgen'],
    phrases: ['i fjor=year-1', 'forrige uke=week-1', 'forrige måned=month-1'],
  },
  pt: {
    numbers: ['um,uma', 'dois,duas', 'três', 'quatro', 'cinco', 'seis', 'sete', 'oito', 'nove', 'dez', 'onze', 'doze'],
    in: ['em', 'de', 'do', 'no', 'durante', 'no mês de', 'no início de'],
    since: ['desde', 'desde o'],
    before: ['antes de', 'antes do'],
    after: ['depois de', 'após'],
    between: ['entre'],
    and: ['e', 'a'],
    last: ['passado', 'passada', 'último', 'última', 'últimos', 'últimas'],
    this: ['este', 'esta', 'neste', 'nesta'],
    next: ['próximo', 'próxima', 'que vem'],
    seasons: ['primavera', 'verão', 'outono', 'inverno'],
    weekend: ['fim de semana'],
    filler: ['de'],
    phrases: ['ano passado=year-1', 'no ano passado=year-1'],
  },
  ro: {
    numbers: ['un,o', 'doi,două', 'trei', 'patru', 'cinci', 'șase', 'șapte', 'opt', 'nouă', 'zece'],
    in: ['în', 'pe', 'din', 'luna', 'în luna', 'în anul'],
    since: ['din', 'de la'],
    before: ['înainte de'],
    after: ['după'],
    between: ['între'],
    and: ['și'],
    last: ['trecut', 'trecută', 'trecuta'],
    this: ['acest', 'această'],
    next: ['viitor', 'viitoare'],
    seasons: ['primăvara,primăvară', 'vara,vară', 'toamna,toamnă', 'iarna,iarnă'],
    weekend: ['weekend', 'sfârșit de săptămână'],
    phrases: ['anul trecut=year-1'],
  },
  ru: {
    numbers: ['один,одну', 'два,две', 'три', 'четыре', 'пять', 'шесть', 'семь', 'восемь', 'девять', 'десять'],
    in: ['в', 'во', 'на', 'за', 'до', 'к', 'весь', 'в начале', 'в конце'],
    since: ['с', 'со'],
    before: ['до', 'перед'],
    after: ['после'],
    between: ['между'],
    and: ['и'],
    last: [
      'прошлый',
      'прошлую',
      'прошлое',
      'прошлым',
      'прошлой',
      'прошлом',
      'прошлого',
      'прошлые',
      'последние',
      'последних',
    ],
    this: ['этот', 'эту', 'этим', 'этой', 'этом', 'это'],
    next: ['следующий', 'следующую', 'следующее', 'будущий', 'следующем'],
    seasons: ['весной,весна,весну,весны', 'летом,лето,лета', 'осенью,осень,осени', 'зимой,зима,зиму,зимы'],
    weekend: ['выходные', 'выходных'],
    months: [
      'январе',
      'феврале',
      'марте',
      'апреле',
      'мае',
      'июне',
      'июле',
      'августе',
      'сентябре',
      'октябре',
      'ноябре',
      'декабре',
    ],
    phrases: [
      'в прошлом году=year-1',
      'прошлым годом=year-1',
      'неделю назад=week-1',
      'месяц назад=month-1',
      'год назад=year-1',
    ],
  },
  sv: {
    numbers: ['en,ett', 'två', 'tre', 'fyra', 'fem', 'sex', 'sju', 'åtta', 'nio', 'tio'],
    in: ['i', 'den', 'under', 'i början av', 'i slutet av'],
    since: ['sedan'],
    before: ['före', 'innan'],
    after: ['efter'],
    between: ['mellan'],
    and: ['och', 'till'],
    last: ['förra', 'senaste'],
    this: ['denna', 'detta'],
    next: ['nästa'],
    seasons: ['vår,våren', 'sommar,sommaren', 'höst,hösten', 'vinter,vintern'],
    weekend: ['helg', 'helgen'],
    phrases: ['i fjol=year-1', 'förra året=year-1'],
  },
  ta: {
    numbers: ['ஒரு', 'இரண்டு', 'மூன்று', 'நான்கு', 'ஐந்து', 'ஆறு', 'ஏழு', 'எட்டு', 'ஒன்பது', 'பத்து'],
    in: [],
    since: [],
    before: [],
    after: [],
    between: [],
    and: ['மற்றும்'],
    last: ['கடந்த'],
    this: ['இந்த'],
    next: ['அடுத்த'],
    seasons: ['வசந்த', 'கோடை', 'இலையுதிர்', 'குளிர்'],
    weekend: ['வார இறுதி'],
  },
  tr: {
    numbers: ['bir', 'iki', 'üç', 'dört', 'beş', 'altı', 'yedi', 'sekiz', 'dokuz', 'on'],
    in: [],
    since: [],
    before: [],
    after: [],
    between: [],
    and: ['ve', 'ile'],
    last: ['geçen'],
    this: ['bu'],
    next: ['gelecek', 'önümüzdeki'],
    seasons: ['ilkbahar,bahar', 'yaz', 'sonbahar,güz', 'kış'],
    weekend: ['hafta sonu'],
    phrases: ['geçen yıl=year-1', 'geçen sene=year-1'],
  },
  zh: {
    numbers: ['一', '两,二', '三', '四', '五', '六', '七', '八', '九', '十'],
    in: ['在'],
    since: ['自'],
    before: [],
    after: [],
    between: [],
    and: ['到', '至'],
    last: ['上', '上个', '去年'],
    this: ['这个', '今年'],
    next: ['下', '下个', '明年'],
    seasons: ['春天', '夏天', '秋天', '冬天'],
    weekend: ['周末'],
    weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
    phrases: ['上星期=week-1', '上月=month-1', '去年=year-1', '前年=year-2', '今年=year+0'],
  },
  ja: {
    numbers: ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十'],
    in: [],
    since: [],
    before: [],
    after: [],
    between: [],
    and: [],
    last: ['先週の', '前の', '去年の', '昨年の'],
    this: ['今週の', '今年の'],
    next: ['来週の', '来年の'],
    seasons: ['春', '夏', '秋', '冬'],
    weekend: ['週末'],
    phrases: ['去年=year-1', '昨年=year-1', '一昨年=year-2', 'おととい=day-2', 'きのう=day-1', '昨夜=day-1'],
  },
  ko: {
    numbers: ['한', '두', '세', '네', '다섯', '여섯', '일곱', '여덟', '아홉', '열'],
    in: [],
    since: [],
    before: [],
    after: [],
    between: [],
    and: [],
    last: ['지난'],
    this: ['이번'],
    next: ['다음'],
    seasons: ['봄', '여름', '가을', '겨울'],
    weekend: ['주말'],
    phrases: ['작년=year-1', '지난달=month-1', '지난주=week-1', '재작년=year-2'],
  },
}
/** Words that mean something else in another language. */
const AMBIGUOUS = new Set(['ma', 'o', 'set', 'ago'])

const lower = (text) => text.normalize('NFKC').toLowerCase().replaceAll('’', "'").replaceAll('\u200f', '')
const forms = (list) => (list ?? []).flatMap((entry, at) => entry.split(',').map((form) => [lower(form), at + 1]))
const out = { months: {}, short_months: {}, weekdays: {}, numbers: {}, units: {}, seasons: {}, phrases: {} }
for (const list of ['in', 'since', 'before', 'after', 'between', 'and', 'last', 'this', 'next', 'weekend', 'filler']) {
  out[list] = new Set()
}

for (const [language, words] of Object.entries(WORDS)) {
  for (const [list, set] of Object.entries(out).filter(([, value]) => value instanceof Set)) {
    for (const word of words[list] ?? []) set.add(lower(word))
  }
  for (const table of ['numbers', 'seasons', 'weekdays', 'months']) {
    for (const [word, value] of forms(words[table])) add(table, word, value)
  }
  for (const phrase of words.phrases ?? []) {
    const [, text, unit, offset] = phrase.match(/^(.*)=(\D+?)([+-]\d)$/)
    add('phrases', lower(text), [unit, Number(offset)])
  }
  names(language)
  relativeTimes(language)
}
const sorted = (value) =>
  value instanceof Set
    ? [...value].sort()
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(
  FILE,
  `${JSON.stringify(Object.fromEntries(Object.entries(out).map(([k, v]) => [k, sorted(v)])), undefined, 1)}\n`,
)

/** The first language that has a word decides what it means. */
function add(table, word, value) {
  if (word !== '' && !AMBIGUOUS.has(word) && !/\d/.test(word)) out[table][word] ??= value
}

function names(language) {
  const name = (options, part, at) => {
    const parts = new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).formatToParts(at)
    return lower(parts.find(({ type }) => type === part)?.value ?? '').replace(/\.$/, '')
  }
  for (let month = 1; month <= 12; month++) {
    const at = Date.UTC(2024, month - 1, 15)
    for (const options of [{ month: 'long' }, { month: 'long', day: 'numeric' }])
      add('months', name(options, 'month', at), month)
    for (const options of [{ month: 'short' }, { month: 'short', day: 'numeric' }]) {
      const short = name(options, 'month', at)
      if (!(short in out.months)) add('short_months', short, month)
    }
  }
  // 1 January 2024 was a Monday.
  for (let day = 1; day <= 7; day++) add('weekdays', name({ weekday: 'long' }, 'weekday', Date.UTC(2024, 0, day)), day)
  for (const unit of UNITS) {
    for (const count of [1, 2, 3, 5, 11, 21, 100]) {
      const parts = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).formatToParts(count)
      add('units', lower(parts.find(({ type }) => type === 'unit')?.value ?? '').trim(), unit)
    }
  }
}

/** `#` stands for a number, whose sign is that of the phrase. */
function relativeTimes(language) {
  const named = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const counted = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  for (const unit of UNITS) {
    for (const offset of [-2, -1, 0, 1, 2]) {
      const text = lower(named.format(offset, unit))
      if (!/\d/.test(text)) add('phrases', text, [unit, offset])
    }
    for (const count of [1, 2, 3, 5, 11, 21, 100]) {
      for (const sign of [-1, 1]) {
        const text = lower(counted.format(sign * count, unit))
        add('phrases', text.replace(/\d+/, '#'), [unit, /\d/.test(text) ? sign : sign * count])
      }
    }
  }
}
