/**
 * The names that sources use for the values of a change and its field, in the languages of audited products: `old_value`, `Neuwert`,
 * `Старое значение`.
 */
import { folded } from '../../../schema/index.ts'
import { unmarked, WORD, wordsOf } from './words.ts'

export type Side = 'before' | 'after'

const table = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/).map(unmarked))

const BEFORE = table(`
  old from before previous prev original was initial former prior lhs oldvalue oldval previousvalue prevvalue valuebefore
  alt alte alter altes alten altwert altewert vorher vorheriger vorherige vorheriges bisher bisheriger bisherige fruher fruherer
  ancien ancienne avant precedent precedente
  anterior antiguo antigua antes previo previa
  prima vecchio vecchia
  antigo antiga
  oud oude vorige voorheen
  stary stara stare poprzedni poprzednia poprzednie
  puvodni predchozi puvodne povodna
  gammal gammalt gamla foregaende gammel gammelt tidligere forrige vanha edellinen
  eski onceki regi elozo vechi veche vechea
  старый старое старая прежний прежнее предыдущий предыдущее было
  старе старий попереднє попередній
  旧 旧值 旧の値 舊值 原值 变更前 修改前 變更前 変更前 이전 이전값 기존값 القديمة السابقة
`)
const AFTER = table(`
  new to after current now next final rhs newvalue newval currentvalue valueafter
  neu neue neuer neues neuen neuwert neuerwert nachher aktuell aktueller
  nouveau nouvelle apres
  nuevo nueva despues
  nuovo nuova dopo
  novo nova depois atual
  nieuw nieuwe
  nowy nowa nowe
  novy nove ny nytt nye uusi yeni uj noua nou
  новый новое новая текущее стало
  нове новий поточне
  新 新值 新の値 变更后 修改后 變更後 変更後 새 새값 변경값 الجديدة
`)
/** Words that mark a value but not its side. */
const NEUTRAL = table(`
  value values val wert werte valor valores valeur valeurs valore valori waarde wartosc hodnota varde vaerdi verdi arvo deger ertek
  valoare значение значення 值 値 값 القيمة
`)
/** Words with little meaning: a text, some data. */
const VAGUE = table('updated default data text string display raw content')
/** Words that other things have as well, such as mails and pages: they only count beside another value. */
const DIRECTIONS: readonly string[] = ['from', 'to', 'now', 'next', 'final']

const known = new Map<
  string,
  { readonly isValue: boolean; readonly isLone: boolean; readonly side: Side | null }
>()
const MOST_KNOWN = 4096

function of(name: string) {
  let found = known.get(name)
  if (found === undefined) {
    const words = name.length > 128 ? [] : wordsOf(name, WORD).map(unmarked)
    const isBefore = words.some((word) => BEFORE.has(word))
    const isAfter = words.some((word) => AFTER.has(word))
    const isNeutral = words.some((word) => NEUTRAL.has(word))
    const isOf = (word: string): boolean =>
      BEFORE.has(word) || AFTER.has(word) || NEUTRAL.has(word) || VAGUE.has(word)
    const isValue = words.length > 0 && words.every(isOf)
    found = {
      isValue,
      isLone: isValue && (isBefore || isAfter || isNeutral),
      side: isValue && isBefore !== isAfter ? (isBefore ? 'before' : 'after') : null,
    }
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(name, found)
  }
  return found
}

/** Whether a name consists only of words for values. */
export const isValueName = (name: string): boolean => of(name).isValue

/** Whether a value of this name may belong to a change although no field is named beside it. */
export const isLoneName = (name: string): boolean => of(name).isLone

/** The side of a change that a value of this name belongs to; null for other names. */
export const sideOf = (name: string): Side | null => of(name).side

/** Whether this name only counts as a value beside another value. */
export const isDirection = (name: string): boolean => DIRECTIONS.includes(name.toLowerCase())

/** Members that name a field in any place: `name` alone is too general. */
const FIELD_NAMES = new Set([
  ...[
    'field',
    'fieldname',
    'attribute',
    'attributename',
    'property',
    'propertyname',
    'column',
    'columnname',
    'parameter',
  ],
  ...[
    'setting',
    'settingname',
    'parametername',
    'variable',
    'fieldcaption',
    'columncaption',
    'fieldlabel',
    'changedfield',
  ],
  ...[
    'configkey',
    'feld',
    'feldname',
    'campo',
    'nombredelcampo',
    'champ',
    'nomduchamp',
    'veld',
    'veldnaam',
    'pole',
    'поле',
  ],
  ...['имяполя', 'modifiedproperty'],
])
/** Whether a member of this name names the field of the values beside it. */
export const isFieldName = (name: string): boolean => FIELD_NAMES.has(folded(name).toLowerCase())
