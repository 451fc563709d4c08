/** The report of a training run: what its law, its data and its history look like, as figures and one page. */
import type { Law } from '../algebra/dist.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Dataset, readRows } from '../data/dataset.ts';
import type { Evaluation } from '../inference/evaluate.ts';
import type { HistoryPoint } from '../inference/fit.ts';
import type { Running } from '../inference/run.ts';
import { densityHeatmap, gridPoints } from './density-heatmap.ts';
import type { GraphRecord } from './graph-layout.ts';
import { graphOf } from './graph-of.ts';
import { imageGrid, type Picture } from './image-grid.ts';
import { latentSpace } from './latent-space.ts';
import { lossCurve } from './loss-curve.ts';
import { marginalHistograms, pairs } from './marginals.ts';
import { toPng } from './png.ts';
import { quantile, sortedFinite } from './ranges.ts';
import { type ReportRecord, reportHtml } from './report-html.ts';
import { samplesBesideData } from './samples-beside-data.ts';

/** A run that has ended. */
export interface RunRecord {
  readonly title: string;
  readonly subtitle: string;
  readonly running: Running;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly history: readonly HistoryPoint[];
  readonly evaluation: Evaluation;
  /** Facts beside those of the evaluation: steps, time, backend. */
  readonly facts: ReportRecord['facts'];
  readonly graph?: GraphRecord;
  readonly command: string;
  readonly footer: string;
  readonly seed: number;
}

/** A figure under the name its files get. */
export interface NamedFigure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  readonly png: Uint8Array;
}

/** A page, its figures, and samples of the law: all that {@link sampleCount} says. */
export interface RunReport {
  readonly html: string;
  readonly figures: readonly NamedFigure[];
  readonly samples: Tensor;
}

/** What an image's event is made of. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Height, width and channels of an event that is an image of grey or coloured levels. */
export const imageShape = (law: Pick<Law, 'shape'>, levels: number | undefined): ImageShape | undefined => {
  const [height, width, channels = 1] = law.shape;
  const fits = levels !== undefined && (law.shape.length === 2 || law.shape.length === 3) && height > 1 && width > 1;
  return fits && (channels === 1 || channels === 3) ? { height, width, channels } : undefined;
};

/** The unit losses are shown in: bits a dimension where data are levels, nats of an event elsewhere. */
export const lossUnit = (
  data: Pick<Dataset, 'shape' | 'levels'>,
): { readonly name: 'nats' | 'bits/dim'; readonly perNat: number } =>
  data.levels === undefined
    ? { name: 'nats', perNat: 1 }
    : { name: 'bits/dim', perNat: 1 / (sizeOf(data.shape) * Math.LN2) };

/** Samples drawn for a report: fewer where events are large. */
export const sampleCount = (law: Pick<Law, 'shape'>): number => (sizeOf(law.shape) <= 64 ? 4000 : 100);

type Figure = Omit<NamedFigure, 'png'> & { readonly png?: Uint8Array };

/** The first rows of a data set. */
const firstRows = (data: Dataset, most: number): Tensor => {
  const n = Math.min(most, data.size);
  const rows = readRows(
    data,
    Int32Array.from({ length: n }, (_, i) => i),
  );
  return { shape: [n, ...data.shape], type: 'float32', data: rows };
};

const floats = (t: Tensor): Float32Array => (t.data instanceof Float32Array ? t.data : Float32Array.from(t.data));

const lossFigure = ({ history, test, evaluation }: RunRecord): Figure => {
  const { name: unit, perNat } = lossUnit(test);
  const training = history.map((p) => ({ step: p.step, value: p.loss * perNat }));
  const validation = history.flatMap((p) =>
    p.validation === undefined ? [] : [{ step: p.step, value: p.validation * perNat }],
  );
  const bound = evaluation.evidence === 'exact' ? '−log p' : 'an upper bound on −log p';
  return {
    name: 'loss',
    title: 'Training',
    caption: `The mean of ${bound} over the examples of each batch, in ${unit}.${
      evaluation.entropy === undefined ? '' : ' No model can stay below the entropy of the law the data come from.'
    }`,
    svg: lossCurve({
      unit,
      series: [
        { name: 'training', points: training },
        ...(validation.length === 0 ? [] : [{ name: 'validation', points: validation }]),
      ],
      ...(evaluation.entropy === undefined
        ? { reference: { value: evaluation.nats * perNat, label: 'test' } }
        : { reference: { value: evaluation.entropy * perNat, label: 'entropy' } }),
    }),
  };
};

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

const planeFigures = async ({ running, test, evaluation, seed }: RunRecord, samples: Tensor): Promise<Figure[]> => {
  const data = firstRows(test, samples.shape[0]);
  const axes = test.columns === undefined ? {} : { axes: [test.columns[0], test.columns[1]] as const };
  const grid = { ...squareAround(floats(data)), nx: GRID, ny: GRID };
  const points: Tensor = { shape: [GRID * GRID, 2], type: 'float32', data: gridPoints(grid) };
  const logDensity = Float64Array.from((await running.logDensity(points, seed)).data);
  const kind = evaluation.evidence === 'exact' ? 'density' : 'bound on the density';
  return [
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
  ];
};

const vectorFigures = ({ test }: RunRecord, samples: Tensor): Figure[] => {
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
  if (record.dimension < 2) return [marginals];
  return [
    { name: 'pairs', title: 'Pairs of columns', caption: 'Samples of the model over test data.', svg: pairs(record) },
    marginals,
  ];
};

const SHOWN = 100;

/** Images of levels as a grid, small ones enlarged. */
const gridOf = (t: Tensor, image: ImageShape, levels: number, most: number): Picture => {
  const n = Math.min(most, t.shape[0]) * sizeOf(t.shape.slice(1));
  const scale = Math.max(1, Math.min(6, Math.floor(56 / image.width)));
  const images = Float32Array.from(floats(t).subarray(0, n), (v) => v / (levels - 1));
  return imageGrid({ ...image, scale, images });
};

/** Samples as a picture: a grid of images, dots in the plane, or histograms of the columns. */
export const samplesPicture = (samples: Tensor, levels: number | undefined): Uint8Array => {
  const event = samples.shape.slice(1);
  const image = imageShape({ shape: event }, levels);
  if (image !== undefined) return gridOf(samples, image, levels ?? 256, samples.shape[0]).png;
  const x = floats(samples);
  const none = new Float32Array(0);
  const dimension = sizeOf(event);
  const svg =
    dimension === 1
      ? marginalHistograms({ data: none, samples: x, dimension })
      : pairs({ data: none, samples: x, dimension });
  return toPng(svg, { width: 1280 });
};

const imageFigures = ({ test }: RunRecord, samples: Tensor, image: ImageShape): Figure[] => {
  const grid = (t: Tensor) => gridOf(t, image, test.levels ?? 256, SHOWN);
  return [
    { name: 'samples', title: 'Samples', caption: 'Drawn from the model.', ...grid(samples) },
    { name: 'data', title: 'Data', caption: 'The first test images.', ...grid(firstRows(test, SHOWN)) },
  ];
};

/** What the base of a law is called in a picture. */
const baseOf = (law: Law): Law => (law.pushed === undefined ? law : baseOf(law.pushed.base));

const latentFigure = async ({ running, test, seed }: RunRecord): Promise<Figure[]> => {
  const base = baseOf(running.law);
  if (running.law.pushed === undefined || base.spec.type !== 'standardNormal') return [];
  const dimension = sizeOf(base.shape);
  const codes = await running.encode(firstRows(test, dimension <= 64 ? 4000 : 1000), seed);
  return [
    {
      name: 'latent',
      title: 'Latent space',
      caption: 'Where the encoder sends test data: for a perfect model, a sample of the base law.',
      svg: latentSpace({
        codes: floats(codes),
        dimension,
        ...(test.labels === undefined ? {} : { classes: test.labels.subarray(0, codes.shape[0]) }),
      }),
    },
  ];
};

const signed = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(4)}`;

/** The test result as facts, with what kind of number it is. */
const evaluationFacts = (e: Evaluation, data: Dataset): ReportRecord['facts'] => {
  const kind = e.evidence === 'exact' ? 'exact' : e.evidence === 'bound' ? 'an upper bound' : 'an estimate';
  const events = `${e.events.toLocaleString('en-US')} events, ${kind}`;
  const nats = (x: number): string => `${x.toFixed(4)} nats`;
  const known = [
    ...(e.entropy === undefined
      ? []
      : [{ label: 'Entropy of the data', value: nats(e.entropy), hint: 'the least possible' }]),
    ...(e.gap === undefined
      ? []
      : [{ label: 'Gap to the entropy', value: nats(e.gap).replace(/^.*? /, `${signed(e.gap)} `) }]),
  ];
  const error = e.standardError.toFixed(4);
  return data.levels === undefined
    ? [{ label: 'Test −log p', value: nats(e.nats), hint: `± ${error}, ${events}` }, ...known]
    : [
        {
          label: 'Test bits/dim',
          value: e.bitsPerDim.toFixed(4),
          hint: `± ${(e.standardError / (sizeOf(data.shape) * Math.LN2)).toFixed(4)}, ${events}`,
        },
        { label: 'Test −log P', value: `${e.nats.toFixed(1)} nats`, hint: 'of an event' },
        ...known,
      ];
};

/** The picture of the composition. */
const graphFigure = (graph: GraphRecord): Figure => ({
  name: 'composition',
  title: 'Composition',
  caption: 'The declaration, from data to the base law.',
  svg: graphOf(graph),
});

/** Draws a run: figures that suit the events, facts, declaration and command. */
export const runReport = async (record: RunRecord): Promise<RunReport> => {
  const { running, test, seed } = record;
  const image = imageShape(running.law, test.levels);
  const samples = await running.sample(sampleCount(running.law), seed);
  const plane = running.law.shape.length === 1 && running.law.shape[0] === 2;
  const figures: Figure[] =
    image === undefined
      ? [
          lossFigure(record),
          ...(plane ? await planeFigures(record, samples) : vectorFigures(record, samples)),
          ...(await latentFigure(record)),
        ]
      : [...imageFigures(record, samples, image), lossFigure(record), ...(await latentFigure(record))];
  if (record.graph !== undefined) figures.push(graphFigure(record.graph));
  const html = reportHtml({
    title: record.title,
    subtitle: record.subtitle,
    facts: [...evaluationFacts(record.evaluation, test), ...record.facts],
    figures,
    spec: JSON.stringify(running.law.spec),
    command: record.command,
    footer: record.footer,
  });
  return { html, samples, figures: figures.map((f) => ({ ...f, png: f.png ?? toPng(f.svg, { width: 1280 }) })) };
};
