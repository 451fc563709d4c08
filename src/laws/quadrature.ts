/** Quadrature on the host: nodes and weights over a region, for integrals of densities in one and two dimensions. */
import type { Shape } from '../core/shape.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';

/**
 * Nodes in (−1, 1) and weights of the n-point Gauss–Legendre rule, exact for polynomials of degree 2n − 1, by Newton's iteration on the Legendre polynomial.
 *
 * @example
 * gaussLegendre(2).nodes;   // ±1/√3
 */
export const gaussLegendre = (n: number): { readonly nodes: Float64Array; readonly weights: Float64Array } => {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [p, previous] = [1, 0];
      for (let k = 0; k < n; k++) [p, previous] = [((2 * k + 1) * x * p - k * previous) / (k + 1), p];
      slope = (n * (x * p - previous)) / (x * x - 1);
      const dx = p / slope;
      x -= dx;
      if (Math.abs(dx) < 1e-15) break;
    }
    nodes[n - 1 - i] = x;
    weights[n - 1 - i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
};

/**
 * Nodes and weights of composite Gauss–Legendre quadrature on [low, high]: `panels` intervals with `order` nodes each.
 *
 * @example
 * const { nodes, weights } = panelRule(0, Math.PI, 10);
 * nodes.reduce((sum, x, i) => sum + weights[i] * Math.sin(x), 0);   // ∫ sin = 2
 */
export const panelRule = (
  low: number,
  high: number,
  panels: number,
  order = 8,
): { readonly nodes: Float64Array; readonly weights: Float64Array } => {
  const rule = gaussLegendre(order);
  const half = (high - low) / (2 * panels);
  return {
    nodes: Float64Array.from({ length: panels * order }, (_, i) => low + half * (2 * Math.floor(i / order) + 1 + rule.nodes[i % order])), // biome-ignore format: one idea
    weights: Float64Array.from({ length: panels * order }, (_, i) => half * rule.weights[i % order]),
  };
};

/**
 * One axis of a grid: an interval by x = low + (high − low) · u³ (10 − 15 u + 6 u²), u in (0, 1), which crowds the points at both ends; or the
 * whole line by x = centre + scale · t / (1 − t²), t in (−1, 1); or the positive numbers by the exponential of such a line.
 */
export type Axis =
  | { readonly low: number; readonly high: number }
  | { readonly centre: number; readonly scale: number; readonly positive?: boolean };

const axisRule = (axis: Axis, panels: number) => {
  if ('low' in axis) {
    const { nodes, weights } = panelRule(0, 1, panels);
    const width = axis.high - axis.low;
    return {
      nodes: nodes.map((u) => axis.low + width * u ** 3 * (10 - 15 * u + 6 * u * u)),
      weights: weights.map((w, i) => w * width * 30 * (nodes[i] * (1 - nodes[i])) ** 2),
    };
  }
  const { nodes, weights } = panelRule(-1, 1, panels);
  const line = {
    nodes: nodes.map((t) => axis.centre + (axis.scale * t) / (1 - t * t)),
    weights: weights.map((w, i) => (w * axis.scale * (1 + nodes[i] ** 2)) / (1 - nodes[i] ** 2) ** 2),
  };
  if (axis.positive !== true) return line;
  // From 1e-30 to 1e30, so that powers of what is there are finite and not 0.
  const inside = line.nodes.map((t) => (Math.abs(t) < Math.log(1e30) ? 1 : 0));
  return {
    nodes: line.nodes.map((t, i) => (inside[i] === 1 ? Math.exp(t) : 1)),
    weights: line.weights.map((w, i) => (inside[i] === 1 ? w * Math.exp(line.nodes[i]) : 0)),
  };
};

/**
 * The product rule over events of a shape, with one axis for each coordinate: points `[n, …shape]` and weights `[n]`, n = (nodes per axis)^D.
 *
 * @example
 * const { points, weights } = productRule([1], [{ low: 0, high: 1 }], 4);
 */
export const productRule = (
  shape: Shape,
  axes: readonly Axis[],
  panels: number,
): { readonly points: Tensor; readonly weights: Float64Array } => {
  const rules = axes.map((a) => axisRule(a, panels));
  const size = sizeOf(shape);
  const n = rules.reduce((m, r) => m * r.nodes.length, 1);
  const data = new Float64Array(n * size);
  const weights = new Float64Array(n).fill(1);
  for (let i = 0; i < n; i++) {
    let rest = i;
    for (let d = 0; d < size; d++) {
      const { nodes, weights: w } = rules[d];
      const k = rest % nodes.length;
      rest = Math.floor(rest / nodes.length);
      data[i * size + d] = nodes[k];
      weights[i] *= w[k];
    }
  }
  return { points: tensor(data, [n, ...shape]), weights };
};
