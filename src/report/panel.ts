import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { at, element, label } from './svg.ts';
import { px, SIZE, textWidth } from './theme.ts';

/** An interval of data units, low end first. */
export type Interval = readonly [number, number];

/** What of the DOM this file reads from a finished plot. */
interface Drawn {
  innerHTML: string;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
}
interface DrawnElement {
  remove(): void;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
}

/** A set of axes inside a figure. `plot` is the rectangle of the frame; axes and labels lie outside it. */
export interface Panel {
  readonly plot: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly x: Interval;
  readonly y: Interval;
  readonly marks: readonly Plot.Markish[];
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Draw the numbers along the axis (default yes); `false` for an axis a neighbour already shows; a list for just these. */
  readonly xTicks?: boolean | number | readonly number[];
  readonly yTicks?: boolean | number | readonly number[];
  /** The label of a number on an axis, where it is not the number: the axis of a logarithm. */
  readonly xText?: (v: number) => string;
  readonly yText?: (v: number) => string;
  readonly grid?: boolean;
}

const { document } = parseHTML('<!doctype html><html></html>');
const COORDINATES = ['d', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height', 'transform'];
const MARGIN = { left: 52, right: 14, top: 12, bottom: 28 } as const;

/** Coordinates at hundredths of a pixel: the files become half as long and look the same. */
const rounded = (value: string): string => value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (n) => String(px(Number(n))));

/** How many decimals the ticks need, at most 8: those of the 1, 2 or 5 times a power of ten that d3 puts between them. */
const decimals = (span: number, count: number): number => {
  const rough = span / count;
  const power = Math.floor(Math.log10(rough));
  return Math.min(8, Math.max(0, -(rough / 10 ** power >= Math.sqrt(50) ? power + 1 : power)));
};

/** Numbers as axis ticks: thousands as `k`, a true minus sign. */
const tick = ([lo, hi]: Interval, count: number): ((v: number) => string) => {
  const far = Math.max(Math.abs(lo), Math.abs(hi));
  if (far >= 1e7 || far < 1e-3)
    return (v) =>
      v === 0
        ? '0'
        : v
            .toExponential(2)
            .replace(/\.?0*e\+?/, 'e')
            .replaceAll('-', '−');
  const [unit, suffix] = far >= 1e4 ? [1000, 'k'] : [1, ''];
  const digits = decimals((hi - lo) / unit, count);
  return (v) => {
    const text = (v / unit).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return Number(text) === 0 ? '0' : `${text.replaceAll('-', '−')}${suffix}`;
  };
};

const isList = (ticks: Panel['xTicks']): ticks is readonly number[] => Array.isArray(ticks);

/** How many ticks suit an axis: fewer where their labels are long. */
const ticksFor = (wanted: Panel['xTicks'], interval: Interval, length: number, spacing: number): number => {
  const longest = Math.max(...interval.map((v) => textWidth(tick(interval, 5)(v), SIZE.small)));
  const most = Math.max(2, Math.floor(length / Math.max(spacing, 1.6 * longest)));
  return typeof wanted === 'number' ? Math.min(wanted, most) : most;
};

/** The markup of a panel, in the coordinates of its figure. */
export const drawPanel = (p: Panel): string => {
  const { plot } = p;
  const xCount = ticksFor(p.xTicks, p.x, plot.width, typeof p.xTicks === 'number' ? 30 : 75);
  const yCount = typeof p.yTicks === 'number' ? p.yTicks : Math.max(2, Math.round(plot.height / 50));
  const [xTicks, yTicks] = [isList(p.xTicks) ? [...p.xTicks] : xCount, isList(p.yTicks) ? [...p.yTicks] : yCount];
  const axis = { tickSize: 0, tickPadding: 7, label: null } as const;
  const drawn: Drawn = Plot.plot({
    document,
    width: plot.width + MARGIN.left + MARGIN.right,
    height: plot.height + MARGIN.top + MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    x: { domain: [...p.x], axis: null, type: 'linear' },
    y: { domain: [...p.y], axis: null, type: 'linear' },
    r: { type: 'identity' },
    marks: [
      p.grid === false ? null : Plot.gridX({ ticks: xTicks, strokeOpacity: 0.09 }),
      p.grid === false ? null : Plot.gridY({ ticks: yTicks, strokeOpacity: 0.09 }),
      Plot.frame({ strokeOpacity: 0.25 }),
      ...p.marks,
      p.xTicks === false ? null : Plot.axisX({ ...axis, ticks: xTicks, tickFormat: p.xText ?? tick(p.x, xCount) }),
      p.yTicks === false ? null : Plot.axisY({ ...axis, ticks: yTicks, tickFormat: p.yText ?? tick(p.y, yCount) }),
    ],
  } as Plot.PlotOptions);
  for (const style of drawn.querySelectorAll('style')) style.remove();
  for (const e of drawn.querySelectorAll('*'))
    for (const name of COORDINATES) {
      const value = e.getAttribute(name);
      if (value?.includes('.')) e.setAttribute(name, rounded(value));
    }
  const body = element(
    'g',
    { class: 'panel', fill: 'currentColor', 'font-size': SIZE.small, 'text-anchor': 'middle' },
    drawn.innerHTML,
  );
  const middle = plot.y + plot.height / 2;
  const yLabelX = plot.x - MARGIN.left + 10;
  return [
    at(plot.x - MARGIN.left, plot.y - MARGIN.top, body),
    p.title === undefined
      ? ''
      : label(plot.x + plot.width / 2, plot.y - 10, p.title, {
          'text-anchor': 'middle',
          'font-size': SIZE.title,
          'font-weight': 600,
        }),
    p.xLabel === undefined
      ? ''
      : label(plot.x + plot.width / 2, plot.y + plot.height + 36, p.xLabel, { 'text-anchor': 'middle' }),
    p.yLabel === undefined
      ? ''
      : label(yLabelX, middle, p.yLabel, {
          'text-anchor': 'middle',
          transform: `rotate(-90 ${px(yLabelX)} ${px(middle)})`,
        }),
  ].join('');
};

/** A cloud of dots; fewer dots are larger and more opaque. `colour` is one hue or one for each point. */
export const dots = (
  points: readonly (readonly [number, number])[],
  colour: string | readonly string[],
): Plot.Markish => {
  const n = points.length;
  return Plot.dot(points as [number, number][], {
    x: '0',
    y: '1',
    r: n > 1000 ? 1.5 : n > 300 ? 1.9 : 2.6,
    fill: typeof colour === 'string' ? colour : (_: unknown, i: number) => colour[i],
    fillOpacity: n > 1000 ? 0.5 : n > 300 ? 0.6 : 0.8,
    clip: true,
  });
};
