import { dots, drawPanel } from './panel.ts';
import { column, equalAspect, type Numbers, pointsOf, rowsOf, sharedInterval, shareOutside } from './ranges.ts';
import { notes, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, ellipsis, MODEL, SIZE, showShare, WIDTH } from './theme.ts';

/** Points in the plane, row-major `[n, 2]`; `labels` name the two panels, `axes` the two coordinates. */
export interface SamplesRecord {
  readonly data: Float32Array | Float64Array;
  readonly samples: Float32Array | Float64Array;
  readonly labels?: { readonly data?: string; readonly samples?: string };
  readonly axes?: readonly [string, string];
}

/** The remark on points a frame does not show; none where it shows them all. */
export const outsideRemark = (what: string, share: number): string[] =>
  share > 0 ? [`${showShare(share)} of the ${what} lie outside the frame.`] : [];

/**
 * Samples of the model beside the data, as two SVG scatter plots with the same axes and equal units. Arrays are row-major `[rows, 2]`.
 * Throws `ShapeError` where they do not divide into rows.
 *
 * @example
 * import { samplesBesideData } from 'pushforward/report';
 * const svg = samplesBesideData({ data: Float32Array.of(0, 1, 2, 3), samples: Float32Array.of(1, 1, 2, 2) });
 */
export const samplesBesideData = (record: SamplesRecord): string => {
  const { data, samples } = record;
  const n = rowsOf(data, 2, 'samplesBesideData.data');
  const m = rowsOf(samples, 2, 'samplesBesideData.samples');
  if (n === 0 && m === 0) return sentenceFigure('There are no data and no samples to show.');
  const along = (j: number) => sharedInterval(column(data, 2, j), column(samples, 2, j));
  const { x, y, ratio } = equalAspect(along(0), along(1));
  const left = 58;
  const width = (WIDTH - left - 14 - 26) / 2;
  const height = width * ratio;
  const bounds = [
    { axis: 0, interval: x },
    { axis: 1, interval: y },
  ];
  const panel = (values: Numbers, name: string, colour: string, second: boolean): string =>
    drawPanel({
      plot: { x: second ? left + width + 26 : left, y: 34, width, height },
      x,
      y,
      title: ellipsis(name, SIZE.title, width),
      xLabel: record.axes?.[0] ?? 'x₁',
      ...(second ? { yTicks: false } : { yLabel: record.axes?.[1] ?? 'x₂' }),
      marks: [dots(pointsOf(values, 2, 0, 1).points, colour)],
    });
  const count = (k: number): string => k.toLocaleString('en-US');
  const remarks = outsideRemark('samples', shareOutside(samples, 2, bounds));
  return svgDocument(
    WIDTH,
    34 + height + (remarks.length > 0 ? 66 : 46),
    'Samples beside data',
    panel(data, record.labels?.data ?? `data (${count(n)})`, DATA, false),
    panel(samples, record.labels?.samples ?? `samples (${count(m)})`, MODEL, true),
    notes(left, 34 + height + 58, remarks),
  );
};
