import * as Plot from '@observablehq/plot';
import { histogram, steps } from './histogram.ts';
import { dots, drawPanel, type Interval } from './panel.ts';
import { type Numbers, pointsOf, quantile, rowsOf, sortedFinite } from './ranges.ts';
import { outsideRemark } from './samples-beside-data.ts';
import { legend, notes, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, ellipsis, HUES, MODEL, SIZE, showShare, WIDTH } from './theme.ts';

/** Encoded data, row-major `[n, dimension]`, against the standard normal base; `classes` colours each row. */
export interface LatentRecord {
  readonly codes: Float32Array | Float64Array;
  /** Default 2. */
  readonly dimension?: number;
  /** A class `0, 1, …` for each row. */
  readonly classes?: ArrayLike<number>;
  readonly classNames?: readonly string[];
  /** The name of the base distribution (default `N(0, I)`). */
  readonly base?: string;
}

const SIGMAS = [1, 2, 3] as const;

/** Mass of the planar standard normal distribution within `s` of the origin. */
const within = (s: number): number => 1 - Math.exp(-(s * s) / 2);

/** The length of every row. */
const radii = (codes: Numbers, dimension: number): Float64Array => {
  const out = new Float64Array(rowsOf(codes, dimension, 'latentSpace.codes'));
  for (let i = 0; i < out.length; i++) {
    let s = 0;
    for (let j = 0; j < dimension; j++) s += codes[i * dimension + j] ** 2;
    out[i] = Math.sqrt(s);
  }
  return out;
};

const circle = (radius: number): { x: number; y: number }[] =>
  Array.from({ length: 121 }, (_, i) => ({
    x: radius * Math.cos((i * Math.PI) / 60),
    y: radius * Math.sin((i * Math.PI) / 60),
  }));

const rings = (strokeOpacity: number): Plot.Markish[] =>
  SIGMAS.map((s) =>
    Plot.line(circle(s), {
      x: 'x',
      y: 'y',
      stroke: 'currentColor',
      strokeOpacity,
      strokeDasharray: '4 3',
      ariaDescription: `${s} sigma`,
    }),
  );

/** The distribution of the length of a standard normal vector, up to its constant, made a density over `interval` numerically. */
const radiusDensity = (dimension: number, [lo, hi]: Interval): { x: number; y: number }[] => {
  const n = 240;
  const peak = Math.sqrt(Math.max(dimension - 1, 1e-9));
  const log = (r: number): number =>
    (dimension - 1) * (Math.log(Math.max(r, 1e-12)) - Math.log(peak)) - (r * r - peak * peak) / 2;
  const far = Math.max(hi, Math.sqrt(dimension) + 6);
  let total = 0;
  for (let i = 0; i < 4000; i++) total += Math.exp(log(((i + 0.5) * far) / 4000)) * (far / 4000);
  return Array.from({ length: n + 1 }, (_, i) => {
    const x = lo + ((hi - lo) * i) / n;
    return { x, y: Math.exp(log(x)) / total };
  });
};

const left = 58;
const width = (WIDTH - left - 14 - 50) / 2;
const top = 52;

const classEntries = (record: LatentRecord) => {
  const found = [...new Set(Array.from(record.classes ?? [], Number))].sort((a, b) => a - b).slice(0, 10);
  return found.map((c, i) => ({
    name: ellipsis(record.classNames?.[c] ?? String(c), SIZE.text, found.length > 5 ? 34 : 90),
    colour: HUES[i % HUES.length],
    mark: 'dot' as const,
    value: c,
  }));
};

/** The codes over the base distribution's circles; the second panel is the distribution itself. */
const plane = (record: LatentRecord, dimension: number): { readonly codes: string; readonly outside: number } => {
  const lengths = radii(record.codes, dimension);
  const reach = Math.min(8, Math.max(3.6, 1.05 * (quantile(sortedFinite(lengths), 0.99) || 0)));
  const entries = classEntries(record);
  const hue = new Map(entries.map((e) => [e.value, e.colour]));
  const { points, rows } = pointsOf(record.codes, dimension, 0, 1);
  const colours =
    record.classes === undefined ? DATA : rows.map((r) => hue.get(Number(record.classes?.[r])) ?? HUES[9]);
  const beyond = points.filter(([a, b]) => Math.abs(a) > reach || Math.abs(b) > reach).length;
  return {
    outside: points.length === 0 ? 0 : beyond / points.length,
    codes: drawPanel({
      plot: { x: left, y: top, width, height: width },
      x: [-reach, reach],
      y: [-reach, reach],
      title: dimension === 2 ? 'encoded data' : `encoded data, first two of ${dimension}`,
      xLabel: 'z₁',
      yLabel: 'z₂',
      marks: [dots(points, colours), ...rings(0.75)],
    }),
  };
};

const basePanel = (record: LatentRecord): string =>
  drawPanel({
    plot: { x: left + width + 50, y: top, width, height: width },
    x: [-3.6, 3.6],
    y: [-3.6, 3.6],
    title: ellipsis(`base distribution ${record.base ?? 'N(0, I)'}`, SIZE.title, width),
    xLabel: 'z₁',
    marks: [
      ...[...SIGMAS]
        .reverse()
        .map((s) => Plot.area(circle(s), { x1: 'x', y1: 'y', y2: () => 0, fill: MODEL, fillOpacity: 0.16 })),
      ...rings(0.6),
      Plot.text([...SIGMAS], {
        x: () => 0,
        y: (s: number) => (s === 1 ? 0 : s - 0.5),
        text: (s: number) => `${s}σ  ${showShare(within(s))}`,
        fontSize: SIZE.small,
      }),
    ],
  });

/** How much of the codes lies inside each circle, to hold against the distribution's shares. */
const sharesRemark = (codes: Numbers): string => {
  const finite = radii(codes, 2).filter(Number.isFinite);
  const share = (s: number): string => showShare(finite.filter((r) => r <= s).length / Math.max(1, finite.length));
  return `Codes inside 1σ, 2σ, 3σ: ${SIGMAS.map(share).join(', ')}.`;
};

const radiusPanel = (record: LatentRecord, dimension: number, x: number, wide: number): string => {
  const lengths = sortedFinite(radii(record.codes, dimension));
  const centre = Math.sqrt(dimension);
  const interval: Interval = [
    Math.max(0, Math.min(quantile(lengths, 0.005), centre - 3)),
    Math.max(quantile(lengths, 0.995), centre + 3) + 0.2,
  ];
  const bins = histogram(lengths, interval, 40);
  const dist = radiusDensity(dimension, interval);
  const most = Math.max(...bins.map((b) => b.height), ...dist.map((p) => p.y));
  return drawPanel({
    plot: { x, y: top, width: wide, height: width },
    x: interval,
    y: [0, most * 1.08],
    title: 'length of the code',
    xLabel: dimension === 1 ? '|z|' : '‖z‖',
    marks: [...steps(bins, DATA, 'filled'), Plot.line(dist, { x: 'x', y: 'y', stroke: MODEL, strokeWidth: 2.2 })],
  });
};

/**
 * The codes of the data against the base distribution, as an SVG. In the plane: the codes over the circles of 1, 2 and 3 standard deviations, with the mass inside each
 * circle. In other dimensions: the lengths of the codes against the distribution of the length of a standard normal vector.
 *
 * @example
 * import { latentSpace } from 'pushforward/report';
 * const svg = latentSpace({ codes: Float32Array.of(0, 1, -1, 0), dimension: 2 });
 */
export const latentSpace = (record: LatentRecord): string => {
  const dimension = record.dimension ?? 2;
  const n = rowsOf(record.codes, dimension, 'latentSpace.codes');
  if (n === 0) return sentenceFigure('There are no codes to show.');
  if (sortedFinite(record.codes).length === 0) return sentenceFigure('None of the codes is a finite number.');
  const drawn = dimension === 1 ? { codes: '', outside: 0 } : plane(record, dimension);
  const second =
    dimension === 2
      ? basePanel(record)
      : radiusPanel(
          record,
          dimension,
          dimension === 1 ? left : left + width + 50,
          dimension === 1 ? WIDTH - left - 14 : width,
        );
  const entries =
    record.classes !== undefined && dimension > 1
      ? classEntries(record)
      : dimension === 2
        ? []
        : [
            { name: 'codes', colour: DATA, mark: 'dot' as const },
            {
              name: ellipsis(`base distribution ${record.base ?? 'N(0, I)'}`, SIZE.text, 220),
              colour: MODEL,
              mark: 'line' as const,
            },
          ];
  const remarks = [
    [...(dimension === 2 ? [sharesRemark(record.codes)] : []), ...outsideRemark('codes', drawn.outside)].join(' '),
  ].filter((r) => r !== '');
  const shift = entries.length === 0 ? -18 : 0;
  const height = top + shift + width + (remarks.length > 0 ? 66 : 46);
  return svgDocument(
    WIDTH,
    height,
    'Latent space',
    legend(left, 20, entries),
    `<g transform="translate(0,${shift})">${drawn.codes}${second}</g>`,
    notes(left, height - 8, remarks),
  );
};
