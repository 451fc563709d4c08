/** Data: readers (CSV, NPY, IDX), splits, scaling, batches, and toy laws with known entropy. */
export { type Batch, batchAt, batches, batchIndices } from './batches.ts';
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
} from './toys/laws.ts';
export { entropyByQuadrature, type Quadrature, quadrature, type Toy, type ToyDeclaration, toy } from './toys/toy.ts';
export { type ToyOptions, toyDataset, toyDatasetOf, toyNamed, toyNames } from './toys.ts';
