import { sizeOf } from '../../core/shape.ts';
import { marginalHistograms, pairs } from '../marginals.ts';
import { firstRows, floats, imageShape, isPlane } from './events.ts';
import { type Figure, type Finder, nothing } from './record.ts';

/** Vectors of more than two numbers (or one): pairs of columns and marginals. */
export const vectors: Finder = async ({ test, running }, samples) => {
  if (isPlane(running.dist) || imageShape(running.dist, test.levels) !== undefined) return nothing;
  const record = {
    data: floats(firstRows(test, samples.shape[0])),
    samples: floats(samples),
    dimension: sizeOf(test.shape),
    ...(test.columns === undefined ? {} : { names: test.columns }),
  };
  const marginals: Figure = {
    name: 'marginals',
    title: 'Marginals',
    caption: 'Each of the first columns: samples of the model over test data.',
    svg: marginalHistograms(record),
  };
  if (record.dimension < 2) return { figures: [marginals] };
  return {
    figures: [
      { name: 'pairs', title: 'Pairs of columns', caption: 'Samples of the model over test data.', svg: pairs(record) },
      marginals,
    ],
  };
};
