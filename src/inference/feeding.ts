/** What training is fed with from the host: batches, the starting point, held-out losses. */
import * as o from '../core/ops/index.ts';
import { type Backend, noiseFeeds, program } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { batchIndices } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { type Layout, type Moment, splitFlat } from './flat.ts';
import { initialParameters } from './initialise.ts';
import type { AnyObjective } from './stateful.ts';
import { meanLoss } from './training-program.ts';
import { stepFeed } from './training-step.ts';

/** A batch of K steps' data, `[K, B, …]`. */
export const readBatches = (data: Dataset, batchSize: number, seed: number, step: number, k: number): Tensor => {
  const width = sizeOf(data.shape);
  const out = new Float32Array(k * batchSize * width);
  for (let i = 0; i < k; i++)
    data.values.read(
      batchIndices(data.size, batchSize, seed, step + i),
      out.subarray(i * batchSize * width, (i + 1) * batchSize * width),
    );
  return { shape: [k, batchSize, ...data.shape], type: 'float32', data: out };
};

/** Initial parameters; where they depend on data, on the first batch. */
export const startingPoint = <S extends Shape>(
  objective: AnyObjective<S>,
  data: Dataset,
  seed: number,
  batchSize: number,
  backend: Backend,
): Promise<Record<string, Tensor>> => {
  const examples = readBatches(data, batchSize, seed, 0, 1);
  return initialParameters(objective, seed, { ...examples, shape: examples.shape.slice(1) }, backend);
};

/**
 * Mean loss over held-out data, in chunks of one size; the noise is the same at every validation. `flat` are the parameters to validate (their
 * average, where one is kept); what an objective carries is read from `now` and not changed.
 */
export const validator = async <S extends Shape>(
  objective: AnyObjective<S>,
  data: Dataset,
  layout: Layout,
  backend: Backend,
  seed: number,
): Promise<(flat: Tensor, now: Moment) => Promise<number>> => {
  const size = Math.min(1000, data.size);
  const p = program([meanLoss(objective, o.input('batch', [size, ...data.shape]))], backend.precisions[0]);
  const run = await backend.compile(p);
  const chunks = Math.floor(data.size / size);
  return async (flat, now) => {
    let total = 0;
    for (let c = 0; c < chunks; c++) {
      const values = new Float32Array(size * sizeOf(data.shape));
      data.values.read(
        Int32Array.from({ length: size }, (_, i) => c * size + i),
        values,
      );
      const batch: Tensor = { shape: [size, ...data.shape], type: 'float32', data: values };
      const noise = noiseFeeds(p, { seed: seed + 1, firstExample: c * size });
      const feeds = { ...now.vectors, ...stepFeed(now.step), ...splitFlat(layout, flat), ...noise, batch };
      const [loss] = await run.run(feeds);
      total += loss.data[0];
    }
    return total / chunks;
  };
};
