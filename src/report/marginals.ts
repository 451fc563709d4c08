import { raise } from '../core/errors.ts';
import { histogram, steps } from './histogram.ts';
import { dots, drawPanel } from './panel.ts';
import {
  column,
  equalAspect,
  pointsOf,
  quantile,
  rowsOf,
  sharedInterval,
  shareOutside,
  sortedFinite,
  spread,
} from './ranges.ts';
import { outsideRemark } from './samples-beside-data.ts';
import { legend, notes, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, ellipsis, MODEL, SIZE, WIDTH } from './theme.ts';

/** Data and samples of any dimension, row-major `[n, dimension]`; `names` are the columns'. */
export interface MarginalsRecord {
  readonly data: Float32Array | Float64Array;
  readonly samples: Float32Array | Float64Array;
  readonly dimension: number;
  readonly names?: readonly string[];
}

/** How many columns {@link marginalHistograms} shows. */
export const MOST_HISTOGRAMS = 8;

const LEFT = 58;
const TOP = 58;
const GAP = 24;

const KEY = [
  { name: 'data', colour: DATA, mark: 'box' },
  { name: 'samples', colour: MODEL, mark: 'line' },
] as const;

type Point = readonly [number, number];

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';
const nameOf = (record: MarginalsRecord, j: number): string =>
  record.names?.[j] ?? `x${[...String(j + 1)].map((c) => SUBSCRIPTS[Number(c)]).join('')}`;

const rowCounts = (record: MarginalsRecord, path: string): number => {
  if (!(Number.isInteger(record.dimension) && record.dimension > 0))
    return raise('ArgumentError', path, 'the dimension is not a positive integer', { got: String(record.dimension) });
  return (
    rowsOf(record.data, record.dimension, `${path}.data`) + rowsOf(record.samples, record.dimension, `${path}.samples`)
  );
};

/**
 * Histograms of the first eight columns as an SVG: the samples as a line over the data as an area.
 *
 * @example
 * import { marginalHistograms } from 'pushforward/report';
 * const svg = marginalHistograms({ data: Float32Array.of(0, 1, 2, 3), samples: Float32Array.of(1, 1, 2, 2), dimension: 2 });
 */
export const marginalHistograms = (record: MarginalsRecord): string => {
  if (rowCounts(record, 'marginalHistograms') === 0) return sentenceFigure('There are no data and no samples to show.');
  const shown = Math.min(record.dimension, MOST_HISTOGRAMS);
  const columns = shown <= 3 ? shown : shown === 4 ? 2 : shown <= 6 ? 3 : 4;
  const rows = Math.ceil(shown / columns);
  const width = (WIDTH - 2 * 16 - GAP * (columns - 1)) / columns;
  const height = columns === 1 ? 260 : columns === 2 ? 150 : 130;
  const bounds: { axis: number; interval: readonly [number, number] }[] = [];
  const panels = Array.from({ length: shown }, (_, j) => {
    const data = column(record.data, record.dimension, j);
    const samples = column(record.samples, record.dimension, j);
    const interval = sharedInterval(data, samples);
    bounds.push({ axis: j, interval });
    const bins = columns >= 3 ? 30 : 45;
    const under = histogram(data, interval, bins);
    const over = histogram(samples, interval, bins);
    const heights = sortedFinite([...under, ...over].map((b) => b.height));
    return drawPanel({
      plot: {
        x: 16 + (j % columns) * (width + GAP),
        y: TOP + Math.floor(j / columns) * (height + 58),
        width,
        height,
      },
      x: interval,
      y: [0, Math.max(1e-12, quantile(heights, 1) * 1.08)],
      title: ellipsis(nameOf(record, j), SIZE.title, width),
      yTicks: false,
      xTicks: columns >= 3 ? 3 : 6,
      marks: [
        ...(data.length === 0 ? [] : steps(under, DATA, 'filled')),
        ...(samples.length === 0 ? [] : steps(over, MODEL, 'outline')),
      ],
    });
  });
  const remarks = [
    ...(record.dimension > shown ? [`The first ${shown} of ${record.dimension} dimensions.`] : []),
    ...outsideRemark('samples', shareOutside(record.samples, record.dimension, bounds)),
  ];
  const total = TOP + rows * (height + 58) - 30 + (remarks.length > 0 ? 24 : 6);
  return svgDocument(
    WIDTH,
    total,
    'Marginal histograms of data and samples',
    legend(16, 22, KEY),
    ...panels,
    notes(16, total - 8, remarks.length === 0 ? [] : [remarks.join(' ')]),
  );
};

/** Two clouds of at most 1000 dots, drawn in turns so that neither hides the other. */
const shuffledDots = (data: readonly Point[], samples: readonly Point[]) => {
  const both = [
    ...spread(data.length, 1000).map((i, k) => ({
      point: data[i],
      colour: DATA,
      turn: k / Math.min(1000, data.length),
    })),
    ...spread(samples.length, 1000).map((i, k) => ({
      point: samples[i],
      colour: MODEL,
      turn: k / Math.min(1000, samples.length),
    })),
  ].sort((a, b) => a.turn - b.turn);
  return dots(
    both.map((b) => b.point),
    both.map((b) => b.colour),
  );
};

/**
 * Scatter plots of data and samples in the planes of the first two or three columns, as an SVG.
 *
 * @example
 * import { pairs } from 'pushforward/report';
 * const svg = pairs({ data: Float32Array.of(0, 1, 2, 3), samples: Float32Array.of(1, 1, 2, 2), dimension: 2 });
 */
export const pairs = (record: MarginalsRecord): string => {
  if (rowCounts(record, 'pairs') === 0) return sentenceFigure('There are no data and no samples to show.');
  if (record.dimension < 2) return sentenceFigure('One dimension has no pairs; its histogram says everything.');
  const planes: readonly (readonly [number, number])[] =
    record.dimension === 2
      ? [[0, 1]]
      : [
          [0, 1],
          [0, 2],
          [1, 2],
        ];
  const between = 56;
  const width = planes.length === 1 ? 400 : (WIDTH - LEFT - 14 - between * 2) / 3;
  const from = planes.length === 1 ? (WIDTH - width) / 2 : LEFT;
  const intervals = Array.from({ length: Math.min(3, record.dimension) }, (_, j) =>
    sharedInterval(column(record.data, record.dimension, j), column(record.samples, record.dimension, j)),
  );
  const panels = planes.map(([i, j], k) => {
    const spans = [intervals[i], intervals[j]].map(([lo, hi]) => hi - lo);
    const alike = Math.max(...spans) < 4 * Math.min(...spans);
    const { x, y } = alike ? equalAspect(intervals[i], intervals[j], 1, 1) : { x: intervals[i], y: intervals[j] };
    return drawPanel({
      plot: { x: from + k * (width + between), y: 40, width, height: width },
      x,
      y,
      xTicks: planes.length === 1 ? true : 3,
      yTicks: planes.length === 1 ? true : 4,
      xLabel: ellipsis(nameOf(record, i), SIZE.text, width),
      yLabel: ellipsis(nameOf(record, j), SIZE.text, width),
      marks: [
        shuffledDots(
          pointsOf(record.data, record.dimension, i, j).points,
          pointsOf(record.samples, record.dimension, i, j).points,
        ),
      ],
    });
  });
  const bounds = intervals.map((interval, axis) => ({ axis, interval }));
  const remarks = outsideRemark('samples', shareOutside(record.samples, record.dimension, bounds));
  const total = 40 + width + (remarks.length > 0 ? 66 : 46);
  return svgDocument(
    WIDTH,
    total,
    'Pairs of coordinates of data and samples',
    legend(
      from,
      22,
      KEY.map((k) => ({ ...k, mark: 'dot' as const })),
    ),
    ...panels,
    notes(from, total - 8, remarks),
  );
};
