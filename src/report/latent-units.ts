import * as Plot from '@observablehq/plot';
import { drawPanel } from './panel.ts';
import { legend, notes, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, MODEL, WIDTH } from './theme.ts';

/** The activity of each unit of a code: the variance over events of its posterior mean, by groups of units. */
export interface UnitsRecord {
  readonly groups: readonly { readonly name: string; readonly activity: readonly number[] }[];
  /** Units above it are in use (default 0.01: Burda et al. 2016, §5). */
  readonly threshold?: number;
}

const FLOOR = 1e-4;

/**
 * The activity of the latent units of each group as an SVG bar chart on a logarithmic axis, from the most to the least active; units below the threshold are marked. Activity is the
 * variance over the data of the posterior mean (Burda et al. 2016, arXiv:1509.00519).
 *
 * @example
 * import { latentUnits } from 'pushforward/report';
 * const svg = latentUnits({ groups: [{ name: 'z', activity: [1.2, 0.4, 0.001] }] });
 */
export const latentUnits = ({ groups, threshold = 0.01 }: UnitsRecord): string => {
  const units = groups.flatMap((g) => [...g.activity].sort((a, b) => b - a).map((a) => ({ group: g.name, a })));
  if (units.length === 0) return sentenceFigure('There are no latent units to show.');
  const log = (a: number): number => Math.log10(Math.max(FLOOR, a));
  const top = Math.max(0.3, Math.max(...units.map((u) => log(u.a))) + 0.15);
  const bars = units.map((u, i) => ({ ...u, x1: i + 0.1, x2: i + 0.9 }));
  const used = units.filter((u) => u.a > threshold).length;
  const ends = groups.map((_, i) => groups.slice(0, i + 1).reduce((n, g) => n + g.activity.length, 0));
  const panel = drawPanel({
    plot: { x: 62, y: 42, width: WIDTH - 80, height: 240 },
    x: [0, units.length],
    y: [Math.log10(FLOOR), top],
    xTicks: false,
    xLabel: groups.length > 1 ? groups.map((g) => g.name).join('  |  ') : 'units, from the most to the least active',
    yLabel: 'log₁₀ activity',
    marks: [
      Plot.rect(bars, {
        x1: 'x1',
        x2: 'x2',
        y1: () => Math.log10(FLOOR),
        y2: (d: (typeof bars)[number]) => log(d.a),
        fill: (d: (typeof bars)[number]) => (d.a > threshold ? MODEL : DATA),
        fillOpacity: 0.8,
      }),
      Plot.ruleY([Math.log10(threshold)], { stroke: 'currentColor', strokeOpacity: 0.6, strokeDasharray: '4 3' }),
      Plot.ruleX(ends.slice(0, -1), { stroke: 'currentColor', strokeOpacity: 0.4 }),
    ],
  });
  return svgDocument(
    WIDTH,
    344,
    'Activity of the units of the code',
    legend(16, 22, [
      { name: 'in use', colour: MODEL, mark: 'box' },
      { name: 'not in use', colour: DATA, mark: 'box' },
    ]),
    panel,
    notes(16, 336, [`${used} of ${units.length} units vary with the event by more than ${threshold}.`]),
  );
};
