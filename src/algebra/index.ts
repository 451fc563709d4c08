/** The algebra of distributions and layers: evidence in the type, one ledger, declarations as data. */
export * from './approximation.ts';
export * from './capability.ts';
export type { Composed, Fitting } from './composed.ts';
export * from './conditional.ts';
export {
  type AnyContext,
  type Classes,
  type Context,
  type ContextPart,
  type ContextValue,
  classes,
  contextOfVector,
  contextParts,
  contextSize,
  contextVector,
  noContext,
} from './context.ts';
export * from './cost.ts';
export { demand, gives } from './demand.ts';
export * from './dist.ts';
export * from './dream.ts';
export * from './evidence.ts';
export * from './facts.ts';
export type { DistFamily } from './family.ts';
export { type FixedMap, fixing } from './fixed.ts';
export * from './inferring.ts';
export * from './kinds.ts';
export * from './levels.ts';
export { decodeFromBase, encodeToBase, innermost, onBase, onInnermost, placeOf, withinDist } from './pushed.ts';
export { rewrite, rewriteLayer } from './rewrite.ts';
export { inverseMap, type Mapped, type ScalarMap } from './scalar-map.ts';
export * from './spec.ts';
export * from './support.ts';
export * from './trace.ts';
export * from './transport.ts';
