/** The tensor language, its transformations, randomness and parameters. */

export { type Advance, type Advances, collectAdvances } from './advances.ts';
export {
  type BufferOptions,
  type BufferView,
  buffer,
  type CopiedOptions,
  copied,
  evaluating,
  movingAverage,
  whileTraining,
} from './buffer.ts';
export { belongsTo, checkClaims, type Parameter } from './claims.ts';
export * as codecs from './codec.ts';
export {
  type Declaration as DefinitionOptions,
  type Defined,
  type Definition,
  define,
  defineValue,
  definitionsOf,
  type Example,
  isDefined,
  type Kind,
  kind,
} from './definition.ts';
export * from './differentiate/index.ts';
export * as draw from './draw.ts';
export * from './errors.ts';
export { type Claim, type ElementType, type Expr, type Op, substitute } from './expr.ts';
export { structuralHash } from './hash.ts';
export { knownOptions } from './known-options.ts';
export { asTensor, fromNested, type HostArray, type Nested, shapeOfNested, toNested } from './nested.ts';
export type { Given } from './ops/array.ts';
export * as ops from './ops/index.ts';
export * as parameters from './parameters.ts';
export { foldIn, keyOf, type PrngKey, split } from './prng.ts';
export {
  type Backend,
  type Executable,
  type Feeds,
  type NoiseSource,
  noiseFeeds,
  type Precision,
  type Program,
  parametersOf,
  program,
} from './program.ts';
export * as random from './random.ts';
export type { Declaration } from './reading.ts';
export * as scope from './scope.ts';
export { type Shape, sizeOf } from './shape.ts';
export { type ShowOptions, showExpr } from './show-expr.ts';
export { type SimplifyOptions, simplify } from './simplify/index.ts';
export { nested, reader, tablesOf } from './specification.ts';
export { type Renaming, startingAt, startingFrom } from './starting.ts';
export {
  isExpr,
  leaves,
  leavesAs,
  like,
  mapStruct,
  pathsOf,
  type Struct,
  type StructRecord,
  sameStructure,
  selectStruct,
  zipStruct,
} from './struct.ts';
export { type StructStep, scanStruct, vmapStruct } from './struct-loops.ts';
export { type Tensor, tensor, tensorOf, toNumbers } from './tensor.ts';
export { vmap, vmapAll } from './vectorize.ts';
