import type { Tensor } from '../../core/tensor.ts';
import { densityHeatmap, gridPoints } from '../density-heatmap.ts';
import { quantile, sortedFinite } from '../ranges.ts';
import { samplesBesideData } from '../samples-beside-data.ts';
import { firstRows, floats } from './events.ts';
import { type Finder, nothing } from './record.ts';

/** A square around nearly all of the data, a little wider. */
const squareAround = (data: Float32Array) => {
  const sides = [0, 1].map((j) => {
    const sorted = sortedFinite(Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + j]));
    return [quantile(sorted, 0.001), quantile(sorted, 0.999)] as const;
  });
  const half = 0.58 * Math.max(...sides.map(([lo, hi]) => hi - lo), 1e-6);
  const [x, y] = sides.map(([lo, hi]) => (lo + hi) / 2);
  return { x0: x - half, x1: x + half, y0: y - half, y1: y + half };
};

const GRID = 160;

/** Laws of two numbers: samples beside data, and the density. */
export const plane: Finder = async ({ running, test, evaluation, seed }, samples) => {
  if (running.law.shape.length !== 1 || running.law.shape[0] !== 2) return nothing;
  const data = firstRows(test, samples.shape[0]);
  const axes = test.columns === undefined ? {} : { axes: [test.columns[0], test.columns[1]] as const };
  const grid = { ...squareAround(floats(data)), nx: GRID, ny: GRID };
  const points: Tensor = { shape: [GRID * GRID, 2], type: 'float32', data: gridPoints(grid) };
  const logDensity = Float64Array.from((await running.logDensity(points, seed)).data);
  const kind = evaluation.evidence === 'exact' ? 'density' : 'bound on the density';
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
        title: kind === 'density' ? 'Density' : 'Bound on the density',
        caption: `The model's ${kind} at the middle of each of ${GRID} × ${GRID} cells, with test data over it.`,
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
