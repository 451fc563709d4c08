import * as Plot from '@observablehq/plot';
import { raise } from '../core/errors.ts';
import { drawPanel } from './panel.ts';
import { padded } from './ranges.ts';
import { notes, sentenceFigure, svgDocument } from './svg.ts';
import { MODEL, WIDTH } from './theme.ts';

/** What has been told of an event, and how far it still is from what was told, after every step of a lossy decoder. */
export interface RateDistortionRecord {
  /** Rising, in `rateUnit` (default bits/dim). */
  readonly rate: readonly number[];
  /** Falling, in `distortionUnit` (default root mean squared error). */
  readonly distortion: readonly number[];
  readonly rateUnit?: string;
  readonly distortionUnit?: string;
}

/**
 * The remaining distortion against the rate as an SVG (Ho et al. 2020, arXiv:2006.11239, figure 5). Throws `ShapeError` where the two differ in length.
 *
 * @example
 * import { rateDistortionCurve } from 'pushforward/report';
 * const svg = rateDistortionCurve({ rate: [0, 1, 2], distortion: [60, 20, 5] });
 */
export const rateDistortionCurve = ({
  rate,
  distortion,
  rateUnit = 'bits/dim',
  distortionUnit = 'root mean squared error',
}: RateDistortionRecord): string => {
  if (rate.length !== distortion.length)
    return raise('ShapeError', 'rateDistortionCurve', 'one distortion for every rate', {
      expected: `${rate.length}`,
      got: `${distortion.length}`,
    });
  const points = rate.map((r, i) => ({ r, d: distortion[i] })).filter(({ r, d }) => Number.isFinite(r) && Number.isFinite(d)); // biome-ignore format: one idea
  if (points.length < 2) return sentenceFigure('There is no curve to draw.');
  const panel = drawPanel({
    plot: { x: 66, y: 20, width: WIDTH - 84, height: 280 },
    x: padded([0, Math.max(...points.map((p) => p.r))], 0.03),
    y: padded([0, Math.max(...points.map((p) => p.d))], 0.05),
    xLabel: `rate (${rateUnit})`,
    yLabel: distortionUnit,
    marks: [
      Plot.line(points, { x: 'r', y: 'd', stroke: MODEL, strokeWidth: 2 }),
      Plot.dot(points, { x: 'r', y: 'd', r: 1.6, fill: MODEL }),
    ],
  });
  return svgDocument(WIDTH, 366, 'Rate and distortion', panel, notes(16, 358, [`${points.length} steps, from nothing told at the upper left.`])); // biome-ignore format: one line
};
