/** Exponents of costs, and their picture: a panel for each sweep, both axes logarithmic. */
import * as Plot from '@observablehq/plot';
import { drawPanel, type Interval } from '../src/report/panel.ts';
import { legend, notes, svgDocument } from '../src/report/svg.ts';
import { DATA, MODEL, showNumber, WIDE } from '../src/report/theme.ts';

/** What a step of one size costs. */
export interface Cost {
  readonly size: number;
  readonly ms: number;
  readonly compileSeconds: number;
}

/** The exponent p of cost ∝ size^p by least squares over the logarithms. */
export const exponent = (costs: readonly Pick<Cost, 'size' | 'ms'>[]): number => {
  const points = costs.map(({ size, ms }) => [Math.log(size), Math.log(ms)] as const);
  const mean = (k: 0 | 1): number => points.reduce((sum, p) => sum + p[k], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0); // biome-ignore format: one line
};

/** The larger half of the sizes, the middle one included. */
export const upperHalf = <C>(costs: readonly C[]): C[] => costs.slice(Math.floor((costs.length - 1) / 2));

/** A sweep over sizes of what, and its exponents. */
export interface Swept {
  readonly model: string;
  readonly of: string;
  readonly costs: readonly Cost[];
  readonly all: number;
  readonly upper: number;
}

const COLUMNS = 2;
const at = { width: 376, height: 240, left: 70, top: 46, across: 470, down: 340 } as const;

/** Both coordinates as powers of two. */
const points = (costs: readonly Cost[]) => costs.map((c) => ({ x: Math.log2(c.size), y: Math.log2(c.ms) }));

const middleOf = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** A curve, and dashed the power distribution of its upper half. */
const curve = ({ costs, upper }: Swept, colour: string): Plot.Markish[] => {
  const all = points(costs);
  const half = upperHalf(all);
  const [x0, y0] = [middleOf(half.map((p) => p.x)), middleOf(half.map((p) => p.y))];
  const dist = all.map(({ x }) => ({ x, y: y0 + upper * (x - x0) }));
  return [
    Plot.line(dist, { x: 'x', y: 'y', stroke: colour, strokeWidth: 1.2, strokeDasharray: '5 4', clip: true }),
    Plot.line(all, { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 }),
    Plot.dot(all, { x: 'x', y: 'y', fill: colour, r: 3.5 }),
  ];
};

/** The interval of some logarithms, and the whole numbers in it: at most eight. */
const axis = (logs: readonly number[]): { readonly interval: Interval; readonly ticks: number[] } => {
  const [from, to] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  const step = Math.ceil((to - from + 1) / 8);
  const ticks = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
  return { interval: [from - 0.3, to + 0.3], ticks };
};

/** Milliseconds a step against one size, for each model. */
const drawSweeps = (sweeps: readonly Swept[], i: number): string => {
  const all = sweeps.flatMap((s) => points(s.costs));
  const [x, y] = [axis(all.map((p) => p.x)), axis(all.map((p) => p.y))];
  const colour = (k: number): string => [DATA, MODEL][k];
  const plot = {
    x: at.left + (i % COLUMNS) * at.across,
    y: at.top + Math.floor(i / COLUMNS) * at.down,
    width: at.width,
    height: at.height,
  };
  const entries = sweeps.map((s, k) => ({ name: `${s.model}: ${s.of}^${s.upper.toFixed(2)}`, colour: colour(k), mark: 'line' as const })); // biome-ignore format: one line
  const panel = drawPanel({
    plot,
    x: x.interval,
    y: y.interval,
    xTicks: x.ticks,
    yTicks: y.ticks,
    xText: (v) => showNumber(2 ** v),
    yText: (v) => showNumber(2 ** v),
    xLabel: sweeps[0].of,
    yLabel: 'milliseconds a step',
    marks: sweeps.flatMap((s, k) => curve(s, colour(k))),
  });
  return legend(plot.x, plot.y - 12, entries) + panel;
};

/** A panel for each size that is swept over, as one SVG. */
export const costFigure = (sweeps: readonly Swept[]): string => {
  const panels = [...new Set(sweeps.map((s) => s.of))].map((of) => sweeps.filter((s) => s.of === of));
  const height = Math.ceil(panels.length / COLUMNS) * at.down + 20;
  const remark = 'One training step on one thread. Dashed, and in the legend: the power distribution of the upper half of the sizes.'; // biome-ignore format: one line
  return svgDocument(WIDE, height, 'Cost of a training step against sizes', ...panels.map(drawSweeps), notes(at.left, height - 10, [remark])); // biome-ignore format: one line
};
