/** The algebra of laws and layers: evidence in the type, one ledger, declarations as data. */
export * from './capability.ts';
export * from './conditional.ts';
export * from './cost.ts';
export * from './dist.ts';
export * from './dream.ts';
export * from './evidence.ts';
export * from './facts.ts';
export type { LawFamily } from './family.ts';
export { type FixedMap, fixed } from './fixed.ts';
export * from './inferring.ts';
export * from './levels.ts';
export { rewrite, rewriteLayer } from './rewrite.ts';
export * from './spec.ts';
export * from './support.ts';
export * from './trace.ts';
export * from './transport.ts';
