/** Data: readers (CSV, NPY, IDX), splits, scaling, sources of batches, and toy distributions with known entropy. */
export { batchIndices } from './batches.ts';
export { binarised } from './binarised.ts';
export type { CsvOptions } from './csv.ts';
export {
  allRows,
  type Dataset,
  type DatasetOptions,
  fromRows,
  fromSource,
  type Parts,
  type RowSource,
  readRows,
  splitDataset,
  take,
} from './dataset.ts';
export { type LoadOptions, loadDataset } from './load.ts';
export { encodeNpy, writeNpy } from './npy.ts';
export {
  minMax,
  minMaxScaling,
  rescale,
  type Scaling,
  type Statistics,
  standardise,
  standardScaling,
  statistics,
  unscale,
} from './scaling.ts';
export { type Batch, type BatchAt, childSeed, type Source, source } from './source.ts';
export { type Assignment, assignment, minimalAssignment, type PairCost } from './sources/assignment.ts';
export { chosenBy } from './sources/chosen-by.ts';
export type { ClassWeights, Condition } from './sources/condition.ts';
export { type Coupling, coupled, type Pairs, sortedCoupling } from './sources/coupled.ts';
export { type Drawn, type Draws, drawn, type Sampler, simulated } from './sources/drawn.ts';
export { aligned, type PairSource, paired } from './sources/paired.ts';
export { type Contexts, labelsOf, pairs } from './sources/pairs.ts';
export { type OfParts, partsOf, partsOfRows } from './sources/parts.ts';
export { type PoissonRate, poissonSampled, poissonSlots } from './sources/poisson.ts';
export {
  type BatchesOptions,
  batchesOf,
  batchSizeOf,
  type StackAt,
  sourceOf,
  stackedBatches,
} from './sources/reading.ts';
export { shuffled } from './sources/shuffled.ts';
export { weightedBy, withWeights } from './sources/weighted.ts';
export {
  checkerboard,
  circles,
  eightGaussians,
  pinwheel,
  spirals,
  swissRoll,
  twentyFiveGaussians,
  twoMoons,
  twoSquares,
} from './toys/dists.ts';
export { entropyByQuadrature, type Quadrature, quadrature, type Toy, type ToyDeclaration, toy } from './toys/toy.ts';
export { type ToyOptions, toyDataset, toyDatasetOf, toyNamed, toyNames } from './toys.ts';
