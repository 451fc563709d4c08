import * as Plot from '@observablehq/plot';
import type { Interval } from './panel.ts';
import type { Numbers } from './ranges.ts';

/** One bar: from `x1` to `x2`, as high as the density of the numbers in it. */
export interface Bin {
  readonly x1: number;
  readonly x2: number;
  readonly height: number;
}

/** A histogram of area 1 minus what lies outside the interval or is not finite. */
export const histogram = (values: Numbers, [lo, hi]: Interval, bins: number): Bin[] => {
  const counts = new Float64Array(bins);
  const width = (hi - lo) / bins;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v >= lo && v <= hi) counts[Math.min(bins - 1, Math.floor((v - lo) / width))]++;
  }
  const area = Math.max(1, values.length) * width;
  return Array.from(counts, (c, i) => ({ x1: lo + i * width, x2: lo + (i + 1) * width, height: c / area }));
};

/** A histogram as a filled shape or as an outline, so that two of them can lie over each other. */
export const steps = (bins: readonly Bin[], colour: string, look: 'filled' | 'outline'): Plot.Markish[] => {
  const corners = bins.flatMap((b) => [
    { x: b.x1, y: b.height },
    { x: b.x2, y: b.height },
  ]);
  return look === 'filled'
    ? [
        Plot.areaY(corners, {
          x: 'x',
          y1: () => 0,
          y2: 'y',
          fill: colour,
          fillOpacity: 0.45,
          ariaDescription: 'histogram',
        }),
      ]
    : [Plot.line(corners, { x: 'x', y: 'y', stroke: colour, strokeWidth: 1.8, ariaDescription: 'histogram' })];
};
