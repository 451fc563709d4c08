import * as Plot from '@observablehq/plot';
import { drawPanel, type Interval } from './panel.ts';
import { padded, quantile, sortedFinite, spread } from './ranges.ts';
import { legend, notes, sentenceFigure, svgDocument } from './svg.ts';
import { ellipsis, HEIGHT, HUES, SIZE, showNumber, textWidth, WIDTH } from './theme.ts';

/** A value at a training step. */
export interface LossPoint {
  readonly step: number;
  readonly value: number;
}

/** The losses of a run. `reference` is the value a perfect model reaches, such as the data's entropy. */
export interface LossRecord {
  readonly series: readonly { readonly name: string; readonly points: readonly LossPoint[] }[];
  readonly reference?: { readonly value: number; readonly label: string };
  readonly unit: string;
}

/** From how many points on a curve is drawn as a pale trace with its running median over it. */
const NOISY_FROM = 100;

/**
 * The interval of losses to show: all of them but those far from what nine tenths of the losses after the first tenth of the
 * steps need, such as huge first steps and spikes, which would press the rest flat. The reference is always inside.
 */
export const lossInterval = (points: readonly LossPoint[], reference?: number): Interval => {
  const steps = sortedFinite(points.map((p) => p.step));
  const from = steps[0] + 0.1 * (steps[steps.length - 1] - steps[0]);
  const late = sortedFinite(points.filter((p) => p.step >= from).map((p) => p.value));
  const known = reference === undefined ? [] : [reference];
  const lo = Math.min(quantile(late, 0.005), ...known);
  const hi = Math.max(quantile(late, 0.9), ...known);
  const reach = hi > lo ? 2.5 * (hi - lo) : Number.POSITIVE_INFINITY;
  const near = sortedFinite(points.map((p) => p.value)).filter((v) => v >= lo - reach && v <= hi + reach);
  return padded([Math.min(lo, near[0]), Math.max(hi, near[near.length - 1])], 0.06);
};

/** Medians over a sliding window of about one fiftieth of the curve, at up to 300 places. */
export const runningMedian = (points: readonly LossPoint[]): LossPoint[] => {
  const half = Math.max(2, Math.round(points.length / 100));
  const places = Math.min(points.length, 300);
  return Array.from({ length: places }, (_, k) => {
    const i = Math.round((k * (points.length - 1)) / Math.max(1, places - 1));
    const near = points.slice(Math.max(0, i - half), i + half + 1);
    return { step: points[i].step, value: quantile(sortedFinite(near.map((p) => p.value)), 0.5) };
  });
};

/** Keeps the least and the greatest of each of many short stretches: the outline of a long trace in few points. */
const outline = (points: readonly LossPoint[], stretches = 500): LossPoint[] => {
  if (points.length <= 2 * stretches) return [...points];
  return spread(points.length, stretches).flatMap((start, i, starts) => {
    const part = points.slice(start, starts[i + 1] ?? points.length);
    const least = part.reduce((a, b) => (b.value < a.value ? b : a));
    const most = part.reduce((a, b) => (b.value > a.value ? b : a));
    return least.step <= most.step ? [least, most] : [most, least];
  });
};

/** The end of a curve: the last value, or the median of the last ones where single values are noisy. */
const lastLevel = (points: readonly LossPoint[]): number =>
  points.length < NOISY_FROM
    ? points[points.length - 1].value
    : quantile(sortedFinite(points.slice(-Math.max(5, Math.round(points.length / 50))).map((p) => p.value)), 0.5);

const curve = (points: readonly LossPoint[], colour: string): Plot.Markish[] => {
  const line = (rows: readonly LossPoint[], strokeWidth: number, strokeOpacity: number): Plot.Markish =>
    Plot.line(rows as LossPoint[], { x: 'step', y: 'value', stroke: colour, strokeWidth, strokeOpacity, clip: true });
  if (points.length >= NOISY_FROM) return [line(outline(points), 0.8, 0.3), line(runningMedian(points), 2.2, 1)];
  const marks = Plot.dot(points as LossPoint[], { x: 'step', y: 'value', fill: colour, r: 2.6, clip: true });
  return points.length <= 30 ? [line(points, 2, 1), marks] : [line(points, 2, 1)];
};

/**
 * Losses against the training step as an SVG, with the reference as a dashed line.
 *
 * @example
 * import { lossCurve } from 'pushforward/report';
 * const svg = lossCurve({ series: [{ name: 'training', points: [{ step: 1, value: 3 }, { step: 2, value: 2 }] }], unit: 'nats' });
 */
export const lossCurve = (record: LossRecord): string => {
  const series = record.series
    .map((s, i) => ({
      name: ellipsis(s.name, SIZE.text, 140),
      colour: HUES[i % HUES.length],
      points: s.points
        .filter((p) => Number.isFinite(p.value) && Number.isFinite(p.step))
        .sort((a, b) => a.step - b.step),
      dropped: s.points.filter((p) => !Number.isFinite(p.value)).length,
    }))
    .filter((s) => s.points.length > 0 || s.dropped > 0);
  const all = series.flatMap((s) => s.points);
  if (all.length === 0)
    return sentenceFigure(
      series.length === 0 ? 'No losses were recorded.' : 'None of the recorded losses is a finite number.',
    );

  const reference =
    record.reference !== undefined && Number.isFinite(record.reference.value) ? record.reference : undefined;
  const y = lossInterval(all, reference?.value);
  const steps = sortedFinite(all.map((p) => p.step));
  const first = steps[0];
  const last = steps[steps.length - 1];
  const x: Interval = first === last ? [first - 1, last + 1] : [first, last];
  const above = all.reduce((n, p) => n + (p.value > y[1] ? 1 : 0), 0);
  const below = all.reduce((n, p) => n + (p.value < y[0] ? 1 : 0), 0);
  const dropped = series.reduce((n, s) => n + s.dropped, 0);
  const greatest = all.reduce((m, p) => Math.max(m, p.value), -Infinity);
  const least = all.reduce((m, p) => Math.min(m, p.value), Infinity);
  const remarks = [
    above > 0 ? `${above} above the frame, up to ${showNumber(greatest)}` : '',
    below > 0 ? `${below} below it, down to ${showNumber(least)}` : '',
    dropped > 0 ? `${dropped} not finite` : '',
  ].filter((s) => s !== '');

  const referenceName = reference === undefined ? '' : ellipsis(reference.label, SIZE.text, 110);
  const right =
    reference === undefined
      ? 16
      : 18 + Math.max(textWidth(referenceName, SIZE.text), textWidth(showNumber(reference.value), SIZE.text));
  const plot = { x: 66, y: 40, width: WIDTH - 66 - right, height: HEIGHT - 40 - 62 };
  return svgDocument(
    WIDTH,
    HEIGHT,
    'Loss against training step',
    legend(
      plot.x,
      24,
      series
        .filter((s) => s.points.length > 0)
        .slice(0, 3)
        .map((s) => ({
          name: `${s.name}  ${showNumber(lastLevel(s.points))}`,
          colour: s.colour,
          mark: 'line',
        })),
    ),
    drawPanel({
      plot,
      x,
      y,
      xLabel: 'step',
      yLabel: record.unit === '' ? 'loss' : `loss (${ellipsis(record.unit, SIZE.text, 160)})`,
      marks: [
        ...series.flatMap((s) => curve(s.points, s.colour)),
        ...(reference === undefined
          ? []
          : [
              Plot.ruleY([reference.value], {
                stroke: 'currentColor',
                strokeWidth: 1.5,
                strokeDasharray: '6 4',
                ariaDescription: 'reference',
              }),
              Plot.text([reference], {
                y: 'value',
                text: () => `${referenceName}\n${showNumber(reference.value)}`,
                frameAnchor: 'right',
                textAnchor: 'start',
                dx: 8,
                fontSize: SIZE.text,
                lineAnchor: 'middle',
              }),
            ]),
      ],
    }),
    notes(plot.x, HEIGHT - 8, remarks.length === 0 ? [] : [`Losses not shown: ${remarks.join('; ')}.`]),
  );
};
