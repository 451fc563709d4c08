import * as Plot from '@observablehq/plot';
import { lossInterval } from './loss-curve.ts';
import { drawPanel } from './panel.ts';
import { notes, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, HEIGHT, MODEL, showNumber, WIDTH } from './theme.ts';

/** Losses of a run whose learning rate grew at every step. */
export interface RateSweepRecord {
  readonly points: readonly { readonly rate: number; readonly loss: number; readonly smoothed: number }[];
  readonly suggestion?: number;
  readonly unit: string;
}

/** Powers of ten, and twos and fives between them where the rates span less than two. */
const ticksBetween = (lo: number, hi: number): number[] => {
  const marks = hi - lo < 2 ? [1, 2, 5] : [1];
  const powers = Array.from({ length: Math.ceil(hi) - Math.floor(lo) + 1 }, (_, i) => Math.floor(lo) + i);
  return powers.flatMap((p) => marks.map((m) => p + Math.log10(m))).filter((x) => x >= lo && x <= hi);
};

/**
 * Losses against the learning rate on a logarithmic axis, as an SVG: the losses as dots, their moving average as a line, and a dashed line at the suggested rate (Smith 2017,
 * arXiv:1506.01186, figure 2).
 *
 * @example
 * import { rateSweepCurve } from 'pushforward/report';
 * const points = [1e-4, 1e-3, 1e-2].map((rate, i) => ({ rate, loss: 3 - i, smoothed: 3 - i }));
 * const svg = rateSweepCurve({ points, suggestion: 1e-3, unit: 'nats' });
 */
export const rateSweepCurve = ({ points, suggestion, unit }: RateSweepRecord): string => {
  const shown = points
    .filter((p) => [p.rate, p.loss, p.smoothed].every(Number.isFinite))
    .map((p) => ({ x: Math.log10(p.rate), loss: p.loss, smoothed: p.smoothed }));
  if (shown.length < 2) return sentenceFigure('There is no curve to draw.');
  const [lo, hi] = [shown[0].x, shown[shown.length - 1].x];
  const y = lossInterval(shown.flatMap((p, step) => [p.loss, p.smoothed].map((value) => ({ step, value }))));
  return svgDocument(
    WIDTH,
    HEIGHT,
    'Loss against learning rate',
    drawPanel({
      plot: { x: 66, y: 20, width: WIDTH - 84, height: HEIGHT - 92 },
      x: [lo, hi],
      y,
      xTicks: ticksBetween(lo, hi),
      xText: (v) => showNumber(10 ** v),
      xLabel: 'learning rate',
      yLabel: unit === '' ? 'loss' : `loss (${unit})`,
      marks: [
        Plot.dot(shown, { x: 'x', y: 'loss', r: 1.6, fill: DATA, fillOpacity: 0.5, clip: true }),
        Plot.line(shown, { x: 'x', y: 'smoothed', stroke: DATA, strokeWidth: 2, clip: true }),
        ...(suggestion === undefined
          ? []
          : [
              Plot.ruleX([Math.log10(suggestion)], {
                stroke: MODEL,
                strokeWidth: 1.5,
                strokeDasharray: '6 4',
                ariaDescription: 'suggestion',
              }),
            ]),
      ],
    }),
    notes(66, HEIGHT - 8, suggestion === undefined ? [] : [`Steepest at ${showNumber(suggestion)}.`]),
  );
};
