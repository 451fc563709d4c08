import * as Plot from '@observablehq/plot';
import { raise } from '../core/errors.ts';
import { type Draws, ranksOf, rHat } from '../mcmc/diagnostics.ts';
import { steps } from './histogram.ts';
import { drawPanel, type Interval } from './panel.ts';
import { padded, quantile, sortedFinite, spread } from './ranges.ts';
import { legend, notes, sentenceFigure, svgDocument } from './svg.ts';
import { ellipsis, HUES, SIZE, WIDTH } from './theme.ts';

/** The draws of some numbers by Markov chains: for each, a list for each chain, all equally long. */
export interface ChainsRecord {
  readonly quantities: readonly { readonly name: string; readonly draws: Draws }[];
  /** For each chain, 1 at every draw whose trajectory diverged. */
  readonly divergent?: readonly ArrayLike<number>[];
}

/** How many numbers {@link tracePlots} and {@link rankPlots} show. */
export const MOST_QUANTITIES = 8;
/** How many chains are drawn: more would hide each other. */
const MOST_CHAINS = 8;
/** Points of a trace: more than these lie within a pixel of each other. */
const MOST_POINTS = 500;

const LEFT = 66;
const TOP = 52;

interface Shown {
  readonly shown: ChainsRecord['quantities'];
  readonly chains: number;
  readonly remarks: readonly string[];
}

const shownOf = (record: ChainsRecord, path: string): Shown => {
  const { quantities } = record;
  const chains = quantities[0]?.draws.length ?? 0;
  const length = quantities[0]?.draws[0]?.length ?? 0;
  for (const q of quantities)
    if (q.draws.length !== chains || q.draws.some((d) => d.length !== length))
      raise('ShapeError', path, `the chains of ${q.name} have other lengths`, {
        expected: `${chains} of ${length} draws`,
        got: q.draws.map((d) => d.length).join(', '),
      });
  return {
    shown: quantities.slice(0, MOST_QUANTITIES),
    chains: Math.min(chains, MOST_CHAINS),
    remarks: [
      ...(quantities.length > MOST_QUANTITIES ? [`The first ${MOST_QUANTITIES} of ${quantities.length} numbers.`] : []),
      ...(chains > MOST_CHAINS ? [`The first ${MOST_CHAINS} of ${chains} chains.`] : []),
    ],
  };
};

const key = (chains: number): Parameters<typeof legend>[2] =>
  Array.from({ length: Math.min(chains, 4) }, (_, c) => ({
    name: c === 3 && chains > 4 ? `chain ${c}, …` : `chain ${c}`,
    colour: HUES[c % HUES.length],
    mark: 'line' as const,
  }));

const isEmpty = ({ quantities }: ChainsRecord): boolean =>
  quantities.length === 0 || quantities.every((q) => q.draws.every((d) => d.length === 0));

/**
 * Trace plots of Markov chains as an SVG: each quantity against the number of the draw, one line for each chain. Well-mixed chains overlap. Ticks below a trace mark divergent
 * trajectories. Throws `ShapeError` where chains differ in length.
 *
 * @example
 * import { tracePlots } from 'pushforward/report';
 * const svg = tracePlots({ quantities: [{ name: 'mu', draws: [[0, 1, 0, -1], [1, 0, -1, 0]] }] });
 */
export const tracePlots = (record: ChainsRecord): string => {
  if (isEmpty(record)) return sentenceFigure('There are no draws to show.');
  const { shown, chains, remarks } = shownOf(record, 'tracePlots');
  const height = shown.length <= 3 ? 120 : 84;
  const gap = 44;
  const length = shown[0].draws[0].length;
  const x: Interval = [0, Math.max(1, length - 1)];
  const diverged = (record.divergent ?? []).flatMap((d) => Array.from(d).flatMap((v, i) => (v > 0 ? [i] : [])));
  const panels = shown.map((q, k) => {
    const all = sortedFinite(q.draws.slice(0, chains).flatMap((d) => Array.from(d)));
    const y = padded([quantile(all, 0.001), quantile(all, 0.999)], 0.08);
    const marks: Plot.Markish[] = q.draws.slice(0, chains).map((d, c) =>
      Plot.line(
        spread(length, MOST_POINTS).map((i) => [i, d[i]]),
        { x: '0', y: '1', stroke: HUES[c % HUES.length], strokeWidth: 0.9, strokeOpacity: 0.75, clip: true, ariaDescription: 'trace' },
      ),
    ); // biome-ignore format: one mark
    if (diverged.length > 0)
      marks.push(
        Plot.ruleX(
          spread(diverged.length, MOST_POINTS).map((i) => diverged[i]),
          { y1: y[0], y2: y[0] + 0.08 * (y[1] - y[0]), stroke: 'currentColor', strokeWidth: 1.2, ariaDescription: 'divergent' },
        ),
      ); // biome-ignore format: one mark
    return drawPanel({
      plot: { x: LEFT, y: TOP + k * (height + gap), width: WIDTH - LEFT - 16, height },
      x,
      y,
      title: ellipsis(q.name, SIZE.title, 400),
      xTicks: k === shown.length - 1,
      yTicks: 3,
      ...(k === shown.length - 1 ? { xLabel: 'draw' } : {}),
      marks,
    });
  });
  const said = [...(diverged.length > 0 ? [`${diverged.length} divergent trajectories.`] : []), ...remarks];
  const bottom = TOP + shown.length * (height + gap);
  return svgDocument(
    WIDTH,
    bottom + (said.length > 0 ? 24 : 6),
    'Traces of the chains',
    legend(LEFT, 20, key(chains)),
    ...panels,
    notes(LEFT, bottom + 14, said.length === 0 ? [] : [said.join(' ')]),
  );
};

/**
 * Rank plots of Markov chains as an SVG: the share of each chain's draws in each twentieth of all draws together, over the expected share (Vehtari et al. 2021,
 * arXiv:1903.08008, §5). Flat at 1 where the chains agree; a shifted chain gives a slope, a chain of another width a bend. The band holds 95 % of the bars of
 * independent draws. Throws `ShapeError` where chains differ in length.
 *
 * @example
 * import { rankPlots } from 'pushforward/report';
 * const svg = rankPlots({ quantities: [{ name: 'mu', draws: [[0, 1, 0, -1], [1, 0, -1, 0]] }] });
 */
export const rankPlots = (record: ChainsRecord): string => {
  if (isEmpty(record)) return sentenceFigure('There are no draws to show.');
  const { shown, chains, remarks } = shownOf(record, 'rankPlots');
  const bins = 20;
  const columns = shown.length === 1 ? 1 : shown.length <= 4 ? 2 : 4;
  const gap = 30;
  const width = (WIDTH - 40 - 16 - gap * (columns - 1)) / columns;
  const height = columns === 1 ? 220 : columns === 2 ? 130 : 100;
  const rows = Math.ceil(shown.length / columns);
  const panels = shown.map((q, k) => {
    const ranks = ranksOf(q.draws);
    const all = ranks.length * ranks[0].length;
    const expected = ranks[0].length / bins;
    const lines = ranks.slice(0, chains).map((r) => {
      const counts = new Float64Array(bins);
      for (const v of r) counts[Math.min(bins - 1, Math.floor(((v - 0.5) * bins) / all))]++;
      return Array.from(counts, (c, i) => ({ x1: i / bins, x2: (i + 1) / bins, height: c / expected }));
    });
    const top = Math.max(2, 1.05 * Math.max(...lines.flatMap((l) => l.map((b) => b.height))));
    const half = 1.96 * Math.sqrt((1 - 1 / bins) / expected);
    const band = [0, 1].map((x) => ({ x, low: Math.max(0, 1 - half), high: 1 + half }));
    return drawPanel({
      plot: {
        x: 40 + (k % columns) * (width + gap),
        y: TOP + Math.floor(k / columns) * (height + 62),
        width,
        height,
      },
      x: [0, 1],
      y: [0, top],
      title: ellipsis(`${q.name}, R-hat ${rHat(q.draws).toFixed(3)}`, SIZE.title, width + 20),
      xTicks: columns === 4 ? 2 : 4,
      yTicks: k % columns === 0 ? 3 : false,
      marks: [
        Plot.areaY(band, { x: 'x', y1: 'low', y2: 'high', fill: 'currentColor', fillOpacity: 0.08, ariaDescription: 'band' }),
        Plot.ruleY([1], { stroke: 'currentColor', strokeOpacity: 0.6, strokeDasharray: '5 4' }),
        ...lines.flatMap((l, c) => steps(l, HUES[c % HUES.length], 'outline')),
      ], // biome-ignore format: one list
    });
  });
  const bottom = TOP + rows * (height + 62) - 18;
  const says = ['Shares of ranks, over what they should be; the band holds 95 % of independent draws.', ...remarks];
  return svgDocument(
    WIDTH,
    bottom + 22,
    'Ranks of the chains',
    legend(40, 20, key(chains)),
    ...panels,
    notes(40, bottom + 10, [says.join(' ')]),
  );
};
