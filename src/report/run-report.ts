/** The report of a training run: what its distribution, its data and its history look like, as figures and one page. */
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { GraphRecord } from './graph-layout.ts';
import { graphOf } from './graph-of.ts';
import { marginalHistograms, pairs } from './marginals.ts';
import { toPng } from './png.ts';
import { reportHtml } from './report-html.ts';
import { chains } from './run/chains.ts';
import { diffusion } from './run/diffusion.ts';
import { floats, gridOf, imageShape, sampleCount } from './run/events.ts';
import { evaluationFacts } from './run/facts.ts';
import { images } from './run/images.ts';
import { inference } from './run/inference.ts';
import { codes } from './run/latent.ts';
import { training } from './run/loss.ts';
import { plane } from './run/plane.ts';
import type { Figure, Finder, Finding, NamedFigure, RunRecord } from './run/record.ts';
import { vectors } from './run/vectors.ts';

export { imageShape, lossUnit, sampleCount } from './run/events.ts';
export type { NamedFigure, RunRecord } from './run/record.ts';

/** A page, its figures, and samples of the distribution: all that {@link sampleCount} says. */
export interface RunReport {
  readonly html: string;
  readonly figures: readonly NamedFigure[];
  readonly samples: Tensor;
}

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

/** The picture of the composition. */
const graphFigure = (graph: GraphRecord): Figure => ({
  name: 'composition',
  title: 'Composition',
  caption: 'The declaration, from data to the base distribution.',
  svg: graphOf(graph),
});

/** The sides of a run that a report looks at, in the order of its page. */
const finders: readonly Finder[] = [images, inference, diffusion, training, plane, chains, vectors, codes];

/** Draws a run: figures that suit the events, facts, declaration and command. */
export const runReport = async (record: RunRecord): Promise<RunReport> => {
  const { running, test, seed } = record;
  const samples = await running.sample(sampleCount(running.dist), seed);
  const found: Finding[] = [];
  for (const find of finders) found.push(await find(record, samples));
  const figures = [
    ...found.flatMap((f) => f.figures),
    ...(record.graph === undefined ? [] : [graphFigure(record.graph)]),
  ];
  const html = reportHtml({
    title: record.title,
    subtitle: record.subtitle,
    facts: [...evaluationFacts(record.evaluation, test), ...found.flatMap((f) => f.facts ?? []), ...record.facts],
    figures,
    spec: JSON.stringify(running.dist.spec),
    command: record.command,
    footer: record.footer,
  });
  return { html, samples, figures: figures.map((f) => ({ ...f, png: f.png ?? toPng(f.svg, { width: 1280 }) })) };
};
