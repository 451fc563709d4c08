import type { AnyDist } from '../../algebra/dist.ts';
import type { Evidence } from '../../algebra/evidence.ts';
import type { Tensor } from '../../core/tensor.ts';
import { hasDenoiser } from '../../inference/scores/index.ts';
import { densityHeatmap, gridPoints } from '../density-heatmap.ts';
import { samplesBesideData } from '../samples-beside-data.ts';
import { firstRows, floats, isPlane, squareAround } from './events.ts';
import { type Finder, nothing } from './record.ts';

const densities: { readonly [E in Evidence]: string } = {
  exact: 'density',
  unbiased: 'estimate of the density',
  bound: 'bound on the density',
  'mean bound': 'bound on the density',
  summed: 'density',
  estimated: 'density, normalised by an estimate',
  unnormalised: 'density up to a constant',
  none: 'score',
};

/** Cells on a side: fewer where each density is the solution of a differential equation. */
const cells = (dist: AnyDist): number => (hasDenoiser(dist) ? 64 : 160);

/** Distributions of two numbers: samples beside data, and the density. */
export const plane: Finder = async ({ running, test, evaluation, seed }, samples) => {
  if (!isPlane(running.dist)) return nothing;
  const side = cells(running.dist);
  const data = firstRows(test, samples.shape[0]);
  const axes = test.columns === undefined ? {} : { axes: [test.columns[0], test.columns[1]] as const };
  const grid = { ...squareAround(floats(data)), nx: side, ny: side };
  const points: Tensor = { shape: [side * side, 2], type: 'float32', data: gridPoints(grid) };
  const logDensity = Float64Array.from((await running.logDensity(points, seed)).data);
  const kind = densities[evaluation.evidence];
  return {
    figures: [
      {
        name: 'samples',
        title: 'Samples beside data',
        caption: 'Test data on the left, samples of the model on the right, on the same axes.',
        svg: samplesBesideData({ data: floats(data), samples: floats(samples), ...axes }),
      },
      {
        name: 'density',
        title: `${kind[0].toUpperCase()}${kind.slice(1)}`,
        caption: `The model's ${kind} at the middle of each of ${side} × ${side} cells, with test data over it.`,
        svg: densityHeatmap({
          grid: { ...grid, logDensity },
          points: Array.from(
            { length: Math.min(250, data.shape[0]) },
            (_, i) => [data.data[2 * i], data.data[2 * i + 1]] as const,
          ),
          ...axes,
        }),
      },
    ],
  };
};
