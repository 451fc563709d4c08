/** The algebra of laws and layers: evidence in the type, one ledger, declarations as data. */
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
export * from './dist.ts';
export * from './dream.ts';
export * from './evidence.ts';
export * from './facts.ts';
export * from './inferring.ts';
export { rewrite, rewriteLayer } from './rewrite.ts';
export * from './spec.ts';
export * from './support.ts';
export * from './trace.ts';
export * from './transport.ts';
