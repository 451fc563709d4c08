/** The algebra of distributions and layers: evidence in the type, one ledger, declarations as data. */
export type * from './approximation.ts';
export type * from './capability.ts';
export { capability, capabilityOf, has, having, needs } from './capability.ts';
export type { Composed, Fitting } from './composed.ts';
export type * from './conditional.ts';
export { conditional, distGiven } from './conditional.ts';
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
export type * from './cost.ts';
export { demand, gives } from './demand.ts';
export type * from './dist.ts';
export { distribution, isDist, named, pushforward } from './dist.ts';
export * from './dream.ts';
export type * from './evidence.ts';
export { evidences } from './evidence.ts';
export type * from './facts.ts';
export type { DistFamily } from './family.ts';
export { type FixedMap, fixing } from './fixed.ts';
export type * from './inferring.ts';
export { inferring } from './inferring.ts';
export type * from './kinds.ts';
export { conditionalKind, distributionKind, layerKind, mapKind } from './kinds.ts';
export type * from './levels.ts';
export { counting } from './levels.ts';
export { decodeFromBase, encodeToBase, innermost } from './pushed.ts';
export { rewrite, rewriteLayer } from './rewrite.ts';
export { inverseMap, type Mapped, type ScalarMap } from './scalar-map.ts';
export * from './spec.ts';
export type * from './support.ts';
export { constraintOf } from './support.ts';
export type * from './trace.ts';
export { trace } from './trace.ts';
export * from './transport.ts';
