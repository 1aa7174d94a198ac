export { Enricher, type EnrichPlan } from './enricher.ts'
export { type Enrichment, type EnrichSettings, openEnrichment } from './enrichment.ts'
