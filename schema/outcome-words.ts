/**
 * The words for success and failure in sources, in the languages of audited products. This is their only table.
 *
 * Words compare without case and without accents, except those that are written with accents here: without them they would be other words
 * (`expiré`, but `expire`). `отказ*` matches every word with this beginning, `not_allowed` matches two consecutive words.
 */
const DENIALS = `
  fail fails failed failing failure failures unsuccessful unsuccessfully error erroneous
  deny denies denied denial refuse refuses refused refusal reject rejects rejected rejection decline declines declined
  disallowed forbidden prohibited unauthorized unauthorised unauthenticated blocked locked lockout invalid illegal incorrect wrong expired
  bad_password bad_credentials bad_login bad_request bad_token bad_signature
  not_found not_allowed not_permitted not_authorized not_authorised not_authenticated not_valid not_granted not_accepted
  no_access no_permission no_permissions could_not cannot can_not unable_to

  fehlgeschlagen* fehlschlag* fehler fehlerhaft* gescheitert* verweiger* abgelehn* abgewiesen* zuruckgewiesen* verboten* untersagt* unzulassig*
  unberechtigt* unerlaubt* gesperrt* blockiert* ungultig* falsch* abgelaufen* erfolglos* nicht_erlaubt nicht_gestattet nicht_berechtigt
  nicht_autorisiert nicht_gefunden kein_zugriff

  echec* echoue* erreur* rejete* refus* interdit* bloque bloquee bloques bloquees verrouille verrouillee expiré expirés expiree expirees errone*
  invalide invalides incorrecte non_autorise* non_valide pas_autorise* introuvable

  fallo fallido* fallida* fallaron fracas* rechaz* deneg* prohibid* bloquead* invalido* invalida invalidas caducad* vencid* expirad* incorrecto
  incorrecta erroneo* erronea* no_autorizad* no_permitid* no_encontrad* no_valid* sin_permiso*

  fallito fallita falliti fallite negato negata negati rifiutat* respint* vietat* bloccat* scadut* errato errati errore errori incorretto non_valid*
  non_riuscit* non_autorizzat* non_consentit* non_trovat*

  falha falhas falhou falharam falhad* recus* rejeitad* negad* proibid* erro incorret* nao_autorizad* nao_permitid* nao_encontrad* sem_permissao

  mislukt* gefaald* geweigerd* afgewezen afgekeurd* geblokkeerd* vergrendeld* ongeldig* verlopen onjuist* fout foutief* verboden niet_toegestaan
  niet_gemachtigd niet_gevonden geen_toegang

  niepowodzen* nieudan* blad bledn* odmow* odrzucon* zabronion* zablokowan* niewazn* nieprawidlow* wygasl* nieautoryzowan* nie_powiodl* brak_dostepu

  selhal* neusp* chyba zamitnut* odmitnut* odepren* zakazan* zablokovan* uzamcen* uzamknut* neplatn* vyprsel* vyprsal* nespravn* zlyhal* zamietnut*

  sikertelen* hiba hibas elutasit* megtagad* letiltva letiltott zarolva zarolt ervenytelen* lejart helytelen*
  esuat* esec respins* refuzat* interzis* blocat* expirat expirata eroare
  грешк* грешн* неуспеш* отхвърл* забранен* изтекъл изтекла изтекло невалид*
  neuspjesn* neuspesn* odbijen* zabranjen* blokiran* nevazec* istekao istekla

  misslyckad* misslyckat* nekad nekat nekades avvisad* avvisat* låst spärrad spärrat blockerad* blockerat* ogiltig* felaktig* fel utgangen utgatt
  mislyk* afvist* avvist* avslatt nektet sperret ugyldig* utlopt udlobet fejl feil feilet fejlede blokeret blokkert
  epaonnistu* evatty hylatty kielletty lukittu virheelli* vanhentunut virhe

  basarisiz* reddedil* engellen* kilitlen* kilitli gecersiz* suresi_dol* hata hatali yetkisiz
  khong_thanh_cong that_bai tu_choi bi_khoa khong_hop_le het_han
  gagal ditolak diblokir dikunci kedaluwarsa

  отказ* отклон* отвергн* ошибк* неудач* неуспе* безуспе* запрещ* заблокир* блокирован* недействит* недопуст* неверн* неправильн* просроч* истек
  истекл* истекш* провал* нет_доступа нет_прав не_удал* не_прошел не_прошла не_прошло не_найден* не_разреш*
  відмов* відхил* помилк* невдал* невдач* неуспі* заборон* заблок* недійсн* невірн* простроч* немає_доступу не_вдал* не_знайден* не_дозвол*

  αποτυχ* απορριφθ* απαγορευ* ληγμεν* κλειδωμεν* λαθος
`

const SUCCESSES = `
  success successful successfully succeeded succeed succeeds logged_in signed_in logged_on signed_on logged_out signed_out logged_off signed_off
  erfolg erfolgreich* angemeldet abgemeldet
  succes reussi reussie reussite
  exito exitoso exitosa exitosamente correctamente
  successo riuscito riuscita
  sucesso bem_sucedido bem_sucedida
  gelukt geslaagd* succesvol*
  powodzen* pomyslnie udan* sukces*
  uspech uspesn* uspjesn*
  sikeres* reusit* lyckad* lyckat* lyckades lykkedes vellykket onnistui onnistunut
  basarili* basariyla thanh_cong berhasil
  успех* успешн* удачн* успіх* успішн* вдалося вдало
  επιτυχ*
`

/** Words that only count in a result: in the name of an action, `access granted` may be a request for it. */
const GOOD_RESULTS = `
  passed allowed permitted granted accepted approved authorized authorised authenticated complete completed done
  genehmigt* erlaubt* abgeschlossen accorde autorise autorisee termine autorizad* permitid* concedid* concluid* zakonczon*
  выполнен* разреш* завершен* виконан* дозволен*
`

/** Words that only count if they are the whole result. */
const WHOLE_RESULTS: Readonly<Record<Stated, string>> = {
  success: 'ok okay pass true yes y allow permit grant accept ja oui si sim tak ano да так ✓ ✔ ✅ ☑',
  failure: 'false no n nok ko timeout timed_out nein non nao nie ne nee нет ні ✗ ✘ ✕ ❌ ⛔ 🚫',
}

/** Words that count anywhere in a text: for languages that are written without spaces, or attach articles and endings to words. */
const DENIALS_WITHIN = `
  失败 失敗 拒绝 拒絕 拒否 错误 錯誤 无效 無效 無効 过期 過期 期限切れ 已锁定 已鎖定 被锁定 ロックされ エラー 禁止 不成功 未成功 未授权
  실패 거부 차단 잠김 오류 만료 ล้มเหลว ปฏิเสธ ไม่สำเร็จ विफल अस्वीकृत فشل رفض مرفوض محظور مقفل خطأ غير_ناجح נכשל נדח נחסם ננעל שגיאה לא_הצליח
`
const SUCCESSES_WITHIN = '成功 성공 สำเร็จ सफल نجاح ناجح הצליח הצלחה'

/** Words that negate what follows: `not successful`, `0 failed`. */
const NEGATIONS = new Set(
  'no not never without non zero 0 nicht kein keine keinen ohne sans pas sin senza nao sem niet geen zonder nie bez ne nem не без ни'.split(
    ' ',
  ),
)

/** Words of an undecided outcome: `Partially completed` is neither. */
const HEDGES = new Set(
  'partial partially teilweise partiel partiellement parcial parcialmente parziale parzialmente gedeeltelijk czesciowo частично частково'.split(
    ' ',
  ),
)

/** `Fail over`, written as two words, is no failure. */
const FAILS = new Set(['fail', 'failed', 'fails'])
const OVER = new Set(['over', 'safe', 'back', 'soft', 'open'])

/** The outcome that a source states. */
export type Stated = 'success' | 'failure'

const LONGEST = 256
const STEM = 3

/** Letters whose strokes are not removable marks. */
const PLAIN: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', đ: 'd', ı: 'i', ß: 'ss', æ: 'ae', œ: 'oe' }

const withoutMarks = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[łøđıßæœ]/g, (letter) => PLAIN[letter]!)

const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lo}\p{Lm}\p{M}]+|\p{N}+/gu

/** Splits a text into words: `loginFailed`, `LOGIN_FAILED` and `login.failed` are the same two words. Accents stay. */
const accentedWords = (text: string): string[] =>
  (text.normalize('NFC').match(WORD) ?? []).map((word) => word.toLowerCase())

/** The words of a name or a text, without case and accents. */
export const plainWords = (text: string): string[] => accentedWords(text).map(withoutMarks)

/** A fast table of words and sequences of words. */
class WordTable {
  readonly #words = new Set<string>()
  /** Stems by their first letters. */
  readonly #stems = new Map<string, string[]>()
  /** By first word: the words that follow it, the last of which may be a stem. */
  readonly #runs = new Map<string, string[][]>()

  constructor(...lists: readonly string[]) {
    for (const entry of lists.join(' ').split(/\s+/)) {
      if (entry === '') continue
      const words = entry.split('_')
      if (words.length > 1) put(this.#runs, words[0]!, words.slice(1))
      else if (entry.endsWith('*')) put(this.#stems, entry.slice(0, STEM), entry.slice(0, -1))
      else this.#words.add(entry)
    }
  }

  /** Whether an entry begins at this word; `accented` are the same words with their accents. */
  isAt(words: readonly string[], accented: readonly string[], at: number): boolean {
    const word = words[at]!
    if (this.#words.has(word) || this.#words.has(accented[at]!)) return true
    if (this.#stems.get(word.slice(0, STEM))?.some((stem) => word.startsWith(stem)) === true) return true
    return (
      this.#runs.get(word)?.some((run) => run.every((wanted, i) => fits(words[at + 1 + i] ?? '', wanted))) ===
      true
    )
  }
}

const fits = (word: string, wanted: string): boolean =>
  wanted.endsWith('*') ? word.startsWith(wanted.slice(0, -1)) : word === wanted

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}

const denials = new WordTable(DENIALS)
const names = new WordTable(SUCCESSES)
const results = new WordTable(SUCCESSES, GOOD_RESULTS)
const within = (list: string): string[] =>
  list
    .trim()
    .split(/\s+/)
    .map((entry) => withoutMarks(entry.replaceAll('_', ' ')))
const denialsWithin = within(DENIALS_WITHIN)
const successesWithin = within(SUCCESSES_WITHIN)
const wholes: ReadonlyMap<string, Stated> = new Map(
  (['success', 'failure'] as const).flatMap((stated) =>
    WHOLE_RESULTS[stated].split(' ').map((entry) => [entry.replaceAll('_', ' '), stated] as const),
  ),
)

/** The outcome in the words of an action, a type or a code; undefined if there is none. A word of denial outweighs one of success. */
export const statedByName = (text: string): Stated | undefined => statedBy(text.slice(0, LONGEST), names)

/** The outcome that a result states. */
export function statedByResult(text: string): Stated | undefined {
  const said = text.slice(0, LONGEST).trim()
  const status = /^([1-5])\d\d$/.exec(said)
  // A status of HTTP.
  if (status !== null) return status[1] === '2' ? 'success' : status[1]! > '3' ? 'failure' : undefined
  const whole = withoutMarks(said.toLowerCase()).replace(/[!.]+$/, '')
  return wholes.get(whole) ?? statedBy(said, results)
}

function statedBy(text: string, successes: WordTable): Stated | undefined {
  const accented = accentedWords(text)
  const words = accented.map(withoutMarks)
  let isSuccess = false
  let isHedged = false
  for (let i = 0; i < words.length; i++) {
    const isNegated = i > 0 && NEGATIONS.has(words[i - 1]!)
    if (denials.isAt(words, accented, i)) {
      if (isNegated || (FAILS.has(words[i]!) && OVER.has(words[i + 1] ?? ''))) continue
      return 'failure'
    }
    if (HEDGES.has(words[i]!)) isHedged = true
    if (!successes.isAt(words, accented, i)) continue
    if (isNegated) return 'failure'
    isSuccess = true
  }
  if (/[^\x00-\u04ff]/.test(text)) {
    const whole = withoutMarks(text)
    if (denialsWithin.some((part) => whole.includes(part))) return 'failure'
    isSuccess ||= successesWithin.some((part) => whole.includes(part))
  }
  return isSuccess && !isHedged ? 'success' : undefined
}
