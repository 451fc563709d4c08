/** Host values of draws and expressions in double precision, for the tests of this room. */
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';

/** The value of an expression without noise. */
export const numbersOf = (e: Expr, feeds: Feeds = {}): number[] =>
  toNumbers(evaluateProgram(program([e], 'float64'), feeds)[0]);

/** `n` independent values of a draw, one after the other. */
export const drawn = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return toNumbers(evaluateProgram(p, noiseFeeds(p, { seed }))[0]);
};

/** Mean and variance with their standard errors (those of a normal distribution for the variance). */
export const moments = (xs: readonly number[]) => {
  const n = xs.length;
  const mean = xs.reduce((a, x) => a + x, 0) / n;
  const variance = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / (n - 1);
  return { mean, variance, meanError: Math.sqrt(variance / n), varianceError: variance * Math.sqrt(2 / n) };
};

/**
 * Mean and variance of a draw of one number that is affine in its noise, exactly: its value without noise, and the sum of its squared derivatives by
 * every number of noise. For distributions of samplers on Gaussian data, which are affine recursions.
 */
export const affineMoments = (draw: D.Draw<Expr>): { readonly mean: number; readonly variance: number } => {
  const y = o.sum(D.runDraw(draw));
  const noise = topological([y]).filter((e) => e.op === 'noise');
  const gradients = noise.length === 0 ? [] : grad(y, noise);
  const p = program([y, ...gradients.map((g) => o.sum(o.square(g)))], 'float64');
  const silent = Object.fromEntries(
    p.slots.map((s) => [s.name, { shape: s.shape, type: 'float64' as const, data: new Float64Array(sizeOf(s.shape)) }]),
  );
  const [mean, ...parts] = evaluateProgram(p, silent).map((v) => toNumbers(v)[0]);
  return { mean, variance: parts.reduce((a, v) => a + v, 0) };
};
