/** What the measurements of training share: the optimiser of every side, and data like a workload's. */
import { keyOf } from '../src/core/prng.ts';
import { noiseTensor } from '../src/core/program.ts';
import { adam } from '../src/inference/optimizers/index.ts';
import type { Workload } from './workloads.ts';

/** The optimiser of every side. */
export const optimizer = adam({ learningRate: 1e-3 });

/** So many rows of normal numbers, or of coin flips where the workload's data are binary. */
export const rowsLike = (w: Workload, rows: number): Float32Array<ArrayBuffer> => {
  const shape = [rows, ...w.objective().shape];
  const data = noiseTensor(shape, w.binary === true ? 'uniform' : 'normal', 0, keyOf(0), 'float32')
    .data as Float32Array<ArrayBuffer>;
  return w.binary === true ? data.map((u) => (u < 0.2 ? 1 : 0)) : data;
};
