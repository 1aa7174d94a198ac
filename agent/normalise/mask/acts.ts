/**
 * Whether a text says that a secret was changed, `Password changed` or `Kennwort des Benutzers geändert`: then the values beside it are
 * secrets although no field is named. It must be the secret itself: `Password policy changed`, `Permission to reset passwords granted` and
 * `Token count updated` are about something else.
 */
import { unmarked, WORD, wordsOf } from './words.ts'

export interface Act {
  readonly kind: string
  /** Whether the text is only the name of a secret, `password`. Another member may state what was done to it. */
  readonly isBare: boolean
}

const LONGEST = 200
/** The number of words after the secret's name among which the action must be. */
const REACH = 10
const MOST_BARE_WORDS = 3
/** The longest name of a secret, in words: `mot de passe`, with one word before it. */
const LONGEST_NAME = 4

/** Words without marks. A star matches any ending. */
class Words {
  readonly #whole = new Set<string>()
  readonly #stems: string[] = []

  constructor(words: string) {
    for (const word of words.trim().split(/\s+/).map(unmarked)) {
      if (word.endsWith('*')) this.#stems.push(word.slice(0, -1))
      else this.#whole.add(word)
    }
  }

  has(word: string): boolean {
    return this.#whole.has(word) || this.#stems.some((stem) => word.startsWith(stem))
  }
}

const CHANGES = new Words(`
  chang* set sets updat* reset* modif* replac* rotat* alter altered edit edited edits switch* regenerat* renew* renewed creat* generat* issu*
  add* register* delet* remov* clear* rewrit* overwrit* enter* import* assign* recover* restor*
  ander* geander* zuruck* rucksetz* gesetzt setzen aktualis* erneuer* wechsel* gewechselt ersetz* neusetz* vergeben erstell* angelegt geloscht loschen
  reinitialis* mis remplac* renouvel* cree creee supprim* defini* definition
  cambi* restablec* actualiz* reinici* renov* cread* elimin* establec*
  reimpost* aggiorn* ripristin* rinnov* sostitu* impostat* imposta creat* rimoss*
  alterad* alterac* alterar mud* redefin* atualiz* troc* criad* removid*
  wijzig* gewijzigd verander* gereset ingesteld bijgewerkt vernieuw* aangemaakt verwijderd
  zmian* zmien* zresetow* ustawion* aktualiz* utworz* usun*
  zmen* obnov* nastaven* vytvor* modosit* valtoz* megvaltoz* csere* schimb* reseta* resetuj*
  andra* andring* aterstall* byt* bytt aendr* ændr* endre* nulstil* tilbakestil* skapa* vaihd* muut* nollat*
  degis* sifirlan* guncelle* promijen* promen* ubah diubah atur diatur doi thay
  измен* смен* сброс* сброш* обновл* установл* замен* создан* удален* зміна зміню* змінен* змінив скин* оновл* встановл* замін* створен* видален*
`)

/** Properties of a secret other than its value: its rules, who may change it, when it ends. */
const MATTERS = new Words(`
  polic* rule rules permission* privileg* right rights scope* expir* age length histor* complex* strength lifetime validity timeout ttl limit* count
  counts quota interval period duration link links mail email notification* reminder* page form template hint question* manager attempt* lockout
  column report list requirement* required type format owner
  richtlinie* regel* berechtigung* recht rechte ablauf* gultigkeit* lange dauer mindestlange laufzeit
  politique* strategie* regle* droit droits duree longueur validite
  politica* regla* permiso* derecho* caducidad vencimiento longitud vigencia
  criteri criterio regola regole permess* diritt* scadenza lunghezza
  regra* permissao permissoes direito* validade comprimento
  beleid recht* geldigheid* lengte machtiging*
  zasad* polityk* regul* uprawnien* prawo praw waznos* dlugos*
  политик* правил* разрешени* прав права срок* длин* дозв* термін* довжин* строк*
`)
/**
 * After the secret's name they name the object, `Password settings`; before it they name the place of the name: `Setting SmtpPassword
 * changed`.
 */
const PLACES = new Words(`
  setting settings config* preference* option options role roles label title name field
  einstellung* rolle rollen feld parametre* ajuste* rol ruolo ruoli impostazion* papel funcao instelling* ustawienia ustawien
  настройк* роль роли налаштуван*
`)

/** Words that lead from the secret to its owner, and to the person who acted. */
const LINKS = new Words(`
  for of by from in on at with via to through user account host admin
  fur von vom des der dem den durch bei benutzer* konto kontos
  de du d la le l les pour par utilisateur compte del al el para por usuario cuenta di dell da per utente do da dos pelo conta
  van voor door gebruiker dla przez uzytkownik* konta av til for kayttaj* pro uzivatel*
  пользовател* для у користувач* учетной записи
`)
const BETWEEN = new Words(`
  was is are were has have had been being be the a an successfully manually automatically now value values and
  wurde wird ist war hat erfolgreich manuell neu neues neue
  a ete est fue ha sido es foi e e stato stata is werd werden zostalo zostal zostala zostaly byl byla bylo були був было была успешно успішно
  new old current of
`)

const SECRETS_WITHIN = '(?:密码|密碼|口令|パスワード|비밀번호|סיסמ[הא]|كلمة ?(?:المرور|مرور|السر))'
const CHANGES_WITHIN =
  '(?:更改|修改|变更|變更|重置|重設|重设|変更|リセット|更新|设置|設定|설정|변경|재설정|초기화|שונתה|אופסה|שינוי|איפוס|تغيير|تعيين|تحديث)'
/** For languages that are written without spaces, or attach articles to the word. */
const WITHIN = new RegExp(
  `${SECRETS_WITHIN}(?:已被|已经|已經|已|被|が|は|の|を|를|을|이|가|了)? ?${CHANGES_WITHIN}|${CHANGES_WITHIN}(?:了|用户|用戶|ה)? ?ה?${SECRETS_WITHIN}(?![策政ポ정长長期规規])`,
  'u',
)
/** The separators of parts; one part states the action: `User settings: password changed`. */
const PARTS = /[:;,.] |\s[-–>|/]\s/
/** Kinds whose values nobody changes. */
const UNCHANGED: ReadonlySet<string> = new Set(['authorization', 'cookie', 'pass', 'signature'])

type KindOf = (words: readonly string[]) => string | null

/** Finds an action on a secret in a text; `kindOf` gives the kind of a run of words that ends with the name of a secret. */
export function actIn(text: string, kindOf: KindOf): Act | null {
  if (text.length > LONGEST || /["{}[\]=]/.test(text)) return null
  if (WITHIN.test(text.normalize('NFC'))) return { kind: 'password', isBare: false }
  const parts = text.split(PARTS).map((part) => wordsOf(part, WORD))
  for (const words of parts) {
    const act = actOf(words, kindOf)
    if (act !== null && !(act.isBare && parts.length > 1)) return act
  }
  return null
}

function actOf(written: readonly string[], kindOf: KindOf): Act | null {
  const words = written.map(unmarked)
  for (let end = 1; end <= words.length; end++) {
    const compound = compoundOf(words[end - 1]!, kindOf)
    const kind = compound ?? kindOf(written.slice(Math.max(0, end - LONGEST_NAME), end))
    if (kind === null || UNCHANGED.has(kind)) continue
    const before = words.slice(0, end - 1)
    const isOfMatter = before.some(
      (word, i) => MATTERS.has(word) || (PLACES.has(word) && LINKS.has(before[i + 1] ?? '')),
    )
    if (isOfMatter) return null
    const isDone = compound !== null || before.some((word) => CHANGES.has(word))
    if (isChanged(words.slice(end, end + REACH), isDone)) return { kind, isBare: false }
    if (end === words.length && end <= MOST_BARE_WORDS && !before.some((word) => LINKS.has(word)))
      return { kind, isBare: true }
  }
  return null
}

/** Whether the words after a secret's name say that it was changed, or do not contradict it if the words before it say so. */
function isChanged(behind: readonly string[], isDone: boolean): boolean {
  const words = behind.filter((word) => !BETWEEN.has(word))
  const [next, then = ''] = words
  if (next === undefined) return isDone
  if (CHANGES.has(next)) return !MATTERS.has(then) && !PLACES.has(then)
  if (MATTERS.has(next) || PLACES.has(next)) return false
  if (isDone) return !MATTERS.has(then)
  return (
    LINKS.has(next) && words.some((word) => CHANGES.has(word)) && !words.some((word) => MATTERS.has(word))
  )
}

const BEGINNING = /^(passwort|kennwort|wachtwoord|losenord|passord|adgangskode|password|passwd|pwd)s?(.+)$/
/** `Kennwortänderung`, `changepassword`: the secret's name and the action in one word. */
function compoundOf(word: string, kindOf: KindOf): string | null {
  const [, secret = '', rest = ''] = BEGINNING.exec(word) ?? []
  if (secret !== '' && CHANGES.has(rest)) return kindOf([secret])
  const [, name] = ENDING.exec(word) ?? []
  return name === undefined ? null : kindOf([name])
}
const ENDING =
  /^(?:change|reset|set|update|new|create|rotate|modify)(password|passwd|pwd|pin|token|secret|apikey)$/
