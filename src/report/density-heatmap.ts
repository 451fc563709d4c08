import * as Plot from '@observablehq/plot';
import { raise } from '../core/errors.ts';
import { drawPanel, type Interval } from './panel.ts';
import { encodePixels, pngAddress } from './png.ts';
import { type Numbers, spread } from './ranges.ts';
import { element, label, notes, sentenceFigure, svgDocument } from './svg.ts';
import { SIZE, showNumber, showShare, WIDTH } from './theme.ts';

/** `nx × ny` cells over a rectangle, `logDensity[iy · nx + ix]` at the middle of each, `iy` counted upwards from `y0`. */
export interface DensityGrid {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly nx: number;
  readonly ny: number;
  readonly logDensity: Float32Array | Float64Array;
}

/** A density on a grid, and points to draw over it. */
export interface DensityRecord {
  readonly grid: DensityGrid;
  readonly points?: readonly (readonly [number, number])[];
  readonly axes?: readonly [string, string];
}

/**
 * The centres of the cells of a grid, row-major `[nx · ny, 2]`, in the order of the values of {@link DensityGrid}.
 *
 * @example
 * import { gridPoints } from 'pushforward/report';
 * gridPoints({ x0: 0, x1: 2, y0: 0, y1: 1, nx: 2, ny: 1 });   // [0.5, 0.5, 1.5, 0.5]
 */
export const gridPoints = (grid: Omit<DensityGrid, 'logDensity'>): Float32Array => {
  const { x0, x1, y0, y1, nx, ny } = grid;
  const out = new Float32Array(nx * ny * 2);
  for (let iy = 0; iy < ny; iy++)
    for (let ix = 0; ix < nx; ix++) {
      out[2 * (iy * nx + ix)] = x0 + ((ix + 0.5) * (x1 - x0)) / nx;
      out[2 * (iy * nx + ix) + 1] = y0 + ((iy + 0.5) * (y1 - y0)) / ny;
    }
  return out;
};

/** 256 colours of the viridis scale, dark to bright. */
const viridis = (() => {
  const scale = Plot.scale({ color: { type: 'linear', scheme: 'viridis', domain: [0, 1] } });
  return Array.from({ length: 256 }, (_, i): readonly [number, number, number] => {
    const hex = Number.parseInt(String(scale.apply(i / 255)).slice(1), 16);
    return [hex >> 16, (hex >> 8) & 255, hex & 255];
  });
})();

/** The log-density at which the colours end: the densest one hundredth of the mass on the grid lies above it. */
const brightest = (logDensity: Numbers): number => {
  const sorted = Float64Array.from(logDensity)
    .filter((l) => l > -Infinity && l < Infinity)
    .sort()
    .reverse();
  if (sorted.length === 0) return Number.NaN;
  const total = sorted.reduce((s, l) => s + Math.exp(l - sorted[0]), 0);
  let mass = 0;
  for (const l of sorted) {
    mass += Math.exp(l - sorted[0]);
    if (mass >= 0.01 * total) return l;
  }
  return sorted[0];
};

/** Pixels from the top row down; a cell whose value is not a number is left clear. */
const raster = (grid: DensityGrid, top: number): Uint8Array => {
  const { nx, ny, logDensity } = grid;
  const data = new Uint8Array(nx * ny * 4);
  for (let iy = 0; iy < ny; iy++)
    for (let ix = 0; ix < nx; ix++) {
      const l = logDensity[iy * nx + ix];
      const k = 4 * ((ny - 1 - iy) * nx + ix);
      if (Number.isNaN(l)) continue;
      data.set(viridis[Math.round(255 * Math.min(1, Math.exp(Math.min(0, l - top))))], k);
      data[k + 3] = 255;
    }
  return encodePixels(data, nx, ny, 4);
};

/** The scale of colours, bright at the top. */
const colourBar = (): string => {
  const data = new Uint8Array(4 * 4 * 256);
  for (let i = 0; i < 256; i++) for (let j = 0; j < 4; j++) data.set([...viridis[255 - i], 255], 4 * (4 * i + j));
  return pngAddress(encodePixels(data, 4, 256, 4));
};

const checked = (grid: DensityGrid): DensityGrid => {
  if (grid.logDensity.length !== grid.nx * grid.ny)
    return raise('ShapeError', 'densityHeatmap', 'the log-densities do not fill the grid', {
      expected: `${grid.nx * grid.ny} values for ${grid.nx} × ${grid.ny} cells`,
      got: `${grid.logDensity.length}`,
    });
  return grid.x1 > grid.x0 && grid.y1 > grid.y0
    ? grid
    : raise('ArgumentError', 'densityHeatmap', 'the grid is empty', {
        expected: 'x0 < x1 and y0 < y1',
        got: `[${grid.x0}, ${grid.x1}] × [${grid.y0}, ${grid.y1}]`,
      });
};

/** Remarks as one sentence. */
const sentenceOf = (parts: readonly string[]): string => {
  const text = parts.filter((s) => s !== '').join('; ');
  return text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}.`;
};

/**
 * A density in the plane as an SVG heat map, with equal units on both axes: dark where the density is zero, bright where it is high. Values are log-densities in nats.
 * Throws `ShapeError` where they do not fill the grid, `ArgumentError` where the grid is empty.
 *
 * @example
 * import { densityHeatmap } from 'pushforward/report';
 * const grid = { x0: 0, x1: 2, y0: 0, y1: 1, nx: 2, ny: 1, logDensity: Float64Array.of(-1, -2) };
 * const svg = densityHeatmap({ grid });
 */
export const densityHeatmap = (record: DensityRecord): string => {
  if (record.grid.nx * record.grid.ny === 0) return sentenceFigure('The grid has no cells.');
  const grid = checked(record.grid);
  const top = brightest(grid.logDensity);
  if (Number.isNaN(top)) return sentenceFigure('The density is zero or undefined everywhere on this grid.');

  const x: Interval = [grid.x0, grid.x1];
  const y: Interval = [grid.y0, grid.y1];
  const natural = (y[1] - y[0]) / (x[1] - x[0]);
  const ratio = natural > 1 / 3 && natural < 3 ? natural : 0.85;
  const width = Math.min(470, 430 / ratio);
  const left = 62 + (WIDTH - 62 - 96 - width) / 2;
  const plot = { x: left, y: 16, width, height: width * ratio };
  const height = plot.height + 16 + 66;

  const cell = ((x[1] - x[0]) * (y[1] - y[0])) / (grid.nx * grid.ny);
  let mass = 0;
  let undefinedCells = 0;
  for (const l of grid.logDensity)
    if (Number.isNaN(l)) undefinedCells++;
    else mass += Math.exp(l) * cell;
  const points = (record.points ?? []).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const shown = spread(points.length, 1000).map((i) => points[i]);

  const barX = plot.x + plot.width + 22;
  const plain = Math.abs(top) < 16;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return svgDocument(
    WIDTH,
    height,
    'Density',
    drawPanel({
      plot,
      x,
      y,
      grid: false,
      xLabel: record.axes?.[0] ?? 'x₁',
      yLabel: record.axes?.[1] ?? 'x₂',
      marks: [
        Plot.image([0], {
          x: () => (x[0] + x[1]) / 2,
          y: () => (y[0] + y[1]) / 2,
          width: plot.width,
          height: plot.height,
          src: () => pngAddress(raster(grid, top)),
          preserveAspectRatio: 'none',
        }),
        Plot.dot(shown as [number, number][], {
          x: '0',
          y: '1',
          r: shown.length > 400 ? 1.3 : 1.8,
          fill: '#ffffff',
          fillOpacity: 0.75,
          stroke: '#101418',
          strokeOpacity: 0.4,
          strokeWidth: 0.5,
          clip: true,
        }),
      ],
    }),
    element('image', {
      x: barX,
      y: plot.y,
      width: 14,
      height: plot.height,
      preserveAspectRatio: 'none',
      href: colourBar(),
    }),
    element('rect', {
      x: barX,
      y: plot.y,
      width: 14,
      height: plot.height,
      fill: 'none',
      stroke: 'currentColor',
      'stroke-opacity': 0.25,
    }),
    ...ticks.map((t) =>
      label(
        barX + 20,
        Math.max(plot.y + 9, Math.min(plot.y + plot.height, plot.y + plot.height * (1 - t) + 4)),
        plain ? showNumber(Number((t * Math.exp(top)).toPrecision(3))) : showNumber(t),
        { 'font-size': SIZE.small },
      ),
    ),
    label(barX + 72, plot.y + plot.height / 2, plain ? 'density' : `density ÷ e^${showNumber(Math.round(top))}`, {
      'text-anchor': 'middle',
      transform: `rotate(-90 ${barX + 72} ${plot.y + plot.height / 2})`,
    }),
    notes(plot.x, height - 8, [
      sentenceOf([
        Number.isFinite(mass) ? `Mass on this rectangle: ${mass < 10 ? mass.toFixed(3) : showNumber(mass)}` : '',
        undefinedCells > 0 ? `undefined in ${showShare(undefinedCells / grid.logDensity.length)} of the cells` : '',
        shown.length > 0 ? `${shown.length} of ${points.length} points drawn` : '',
      ]),
    ]),
  );
};
