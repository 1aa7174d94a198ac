export { type Backtest, backtest } from './backtest.ts'
export { ALERT_ACTION, AlertBook } from './book.ts'
export { conditionText } from './condition-text.ts'
export { AlertEngine } from './engine/engine.ts'
export { timeOf } from './engine/facts.ts'
export { groupQuery } from './engine/past.ts'
export type { Calendar } from './engine/time-of-day.ts'
export { type Alert, alertsOf, RuleJudge } from './evaluate.ts'
export { type Explained, explain } from './explain.ts'
export { faresOf } from './fares.ts'
export { readLists } from './lists.ts'
export { ruleWithPeople } from './persons.ts'
export { queryRowsIn } from './query-rows.ts'
export { type BookRule, type Fares, RuleBook } from './rule-book.ts'
export {
  type ParsedRule,
  parseRule,
  problemIn,
  type RuleFile,
  readRule,
  readRuleFiles,
  readRules,
  ruleIn,
  SUPPLIED_RULES,
} from './rules.ts'
export { ledgerSampler } from './sampler.ts'
export { type ImportedRule, importSigma, type SigmaFile } from './sigma/index.ts'
export { tryExamples, type Verdict } from './try.ts'
