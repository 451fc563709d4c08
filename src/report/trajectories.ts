import * as Plot from '@observablehq/plot';
import { dots, drawPanel, type Interval } from './panel.ts';
import { sentenceFigure, svgDocument } from './svg.ts';
import { DATA, ellipsis, MODEL, SIZE, WIDTH } from './theme.ts';

/** Paths in the plane, row-major `[paths, points, 2]`, in panels side by side on the same axes. */
export interface TrajectoriesRecord {
  readonly panels: readonly { readonly title: string; readonly paths: Float32Array | Float64Array }[];
  /** Points of each path. */
  readonly points: number;
  /** The frame: paths are cut off at its edges. */
  readonly x: Interval;
  readonly y: Interval;
  readonly axes?: readonly [string, string];
}

/**
 * Paths in the plane as an SVG, thin lines from their start (blue) to their end (orange). A panel's `paths` are row-major `[paths, points, 2]`.
 *
 * @example
 * import { trajectories } from 'pushforward/report';
 * const paths = Float32Array.of(0, 0, 1, 1, 0, 1, 1, 0);
 * const svg = trajectories({ panels: [{ title: 'flow', paths }], points: 2, x: [0, 1], y: [0, 1] });
 */
export const trajectories = ({ panels, points, x, y, axes }: TrajectoriesRecord): string => {
  if (panels.length === 0 || panels.every((p) => p.paths.length === 0))
    return sentenceFigure('There are no paths to show.');
  const left = 58;
  const gap = 26;
  const width = (WIDTH - left - 14 - gap * (panels.length - 1)) / panels.length;
  const height = (width * (y[1] - y[0])) / (x[1] - x[0]);
  const drawn = panels.map(({ title, paths }, k) => {
    const count = paths.length / (2 * points);
    const at = (i: number, j: number): [number, number] => [
      paths[2 * (i * points + j)],
      paths[2 * (i * points + j) + 1],
    ];
    const all = Array.from({ length: count * points }, (_, r) => {
      const [u, v] = at(Math.floor(r / points), r % points);
      return { u, v, path: Math.floor(r / points) };
    });
    const ends = (j: number) => Array.from({ length: count }, (_, i) => at(i, j));
    return drawPanel({
      plot: { x: left + k * (width + gap), y: 34, width, height },
      x,
      y,
      title: ellipsis(title, SIZE.title, width),
      xLabel: axes?.[0] ?? 'x₁',
      ...(k > 0 ? { yTicks: false } : { yLabel: axes?.[1] ?? 'x₂' }),
      marks: [
        Plot.line(all, {
          x: 'u',
          y: 'v',
          z: 'path',
          stroke: 'currentColor',
          strokeWidth: 0.6,
          strokeOpacity: 0.4,
          clip: true,
        }),
        dots(ends(0), DATA),
        dots(ends(points - 1), MODEL),
      ],
    });
  });
  return svgDocument(WIDTH, 34 + height + 46, 'Paths from noise to data', ...drawn);
};
