/** Expectations over Gaussian data and noise: by quadrature, and by many draws. */
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import { range } from '../../src/core/shape.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { batchLosses, type Objective } from '../../src/inference/index.ts';

/** Probabilists' Gauss–Hermite: 12 nodes, exact for polynomials of degree 23 under N(0, 1). */
const hermite = (() => {
  const n = 12;
  const value = (x: number): readonly [number, number] => {
    let [a, b] = [1, x];
    for (let k = 1; k < n; k++) [a, b] = [b, x * b - k * a];
    return [b, n * a];
  };
  const factorial = range(n).reduce((p, k) => p * (k + 1), 1);
  const roots: number[] = [];
  for (let x = -6; x < 6; x += 0.01)
    if (value(x)[0] * value(x + 0.01)[0] < 0) {
      let r = x + 0.005;
      for (let i = 0; i < 60; i++) r -= value(r)[0] / value(r)[1];
      roots.push(r);
    }
  return roots.map((x) => ({ x, weight: factorial / value(x)[1] ** 2 }));
})();

/** E f under N(m, s²) ⊗ N(0, 1)ᵏ as rows of nodes with their weights. */
const nodes = (dimension: number): { readonly at: readonly number[]; readonly weight: number }[] =>
  range(dimension).reduce<{ at: readonly number[]; weight: number }[]>(
    (rows, _) => rows.flatMap((r) => hermite.map((h) => ({ at: [...r.at, h.x], weight: r.weight * h.weight }))),
    [{ at: [], weight: 1 }],
  );

export const float64 = (shape: readonly number[], data: readonly number[]) => ({ shape, type: 'float64' as const, data: Float64Array.from(data) }); // biome-ignore format: one line

/** The mean loss and its gradient by the parameters at some values, with data x = m + s z and normal noise ε by quadrature. */
export const byQuadrature = (
  objective: Objective<readonly [1]>,
  { m, s }: { readonly m: number; readonly s: number },
  parameters: Feeds,
): readonly number[] => {
  const grid = nodes(2);
  const x = o.constant(
    grid.map((g) => m + s * g.at[0]),
    [grid.length, 1],
  );
  const losses = batchLosses(objective, x);
  const mean = o.dot(losses, o.constant(grid.map((g) => g.weight)));
  const found = parametersOf([mean]);
  const p = program([mean, ...grad(mean, found)], 'float64');
  const feeds = noiseFeeds(p, { seed: 0 });
  const enumerated = Object.fromEntries(
    Object.entries(feeds).map(([k, t]) => [k, float64(t.shape, grid.map((g) => g.at[1]))]), // biome-ignore format: one line
  );
  return evaluateProgram(p, { ...enumerated, ...parameters }).map((t) => t.data[0]);
};

/** Values of a draw of a scalar, many at once, in float64. */
export const valuesWith = (draw: D.Draw<Expr>, parameters: Feeds, n = 20, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return Array.from(evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...parameters })[0].data);
};
export const values = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => valuesWith(draw, {}, n, seed);
export const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
export const variance = (v: readonly number[]): number => mean(v.map((x) => (x - mean(v)) ** 2));
export const standardError = (v: readonly number[]): number => Math.sqrt(variance(v) / v.length);

/** The number of a closed expression, in float64. */
export const number = (e: Expr): number => evaluateProgram(program([e], 'float64'), {})[0].data[0];
