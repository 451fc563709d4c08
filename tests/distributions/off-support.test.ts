/** Where log p = −∞ a distribution's parameters have gradient 0, not NaN and not that of a constant: what is off the support does not move them. */
import { describe, expect, it, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import * as d from '../../src/distributions/index.ts';
import { inBoth, logP } from './helpers.ts';

/** Distributions of two parameters, with events off their support. */
const families: readonly (readonly [string, (a: Expr, b: Expr) => AnyDist, readonly (readonly number[])[]])[] = [
  ['half-normal', (a) => d.halfNormal([1], { scale: a }), [[-1]]],
  ['exponential', (a) => d.exponential([1], { rate: a }), [[-1]]],
  ['log-normal', (a, b) => d.logNormal([1], { loc: a, scale: b }), [[-1], [0]]],
  ['Weibull', (a, b) => d.weibull([1], { concentration: a, scale: b }), [[-1], [0]]],
  ['Rayleigh', (a) => d.rayleigh([1], { scale: a }), [[-1], [0]]],
  ['Pareto', (a, b) => d.pareto([1], { concentration: a, scale: b }), [[-1], [0.5]]],
  ['Gompertz', (a, b) => d.gompertz([1], { concentration: a, rate: b }), [[-1]]],
  ['Kumaraswamy', (a, b) => d.kumaraswamy([1], { a, b }), [[-1], [0], [2]]],
  ['uniform', (a, b) => d.uniform([1], { low: a, high: o.add(a, b) }), [[-1], [9]]],
  ['triangular', (a, b) => d.triangular([1], { low: o.neg(a), mode: 0, high: b }), [[-5], [5]]],
  ['gamma', (a, b) => d.gamma([1], { concentration: a, rate: b }), [[-1], [0]]],
  ['inverse gamma', (a, b) => d.inverseGamma([1], { concentration: a, scale: b }), [[-1], [0]]],
  ['beta', (a, b) => d.beta([1], { alpha: a, beta: b }), [[-1], [0], [1], [2]]],
  ['F', (a, b) => d.fisherF([1], { numerator: a, denominator: b }), [[-1], [0]]],
  ['Dirichlet', (a, b) => d.dirichlet({ concentration: o.stack([a, b]) }), [[0.5, 0.6], [0, 1], [-1, 2]]], // biome-ignore format: one line a distribution
  ['von Mises', (a, b) => d.vonMises([1], { loc: a, concentration: b }), [[4]]],
  ['truncated', (a, b) => d.truncate({ low: a, high: o.add(a, b) })(d.normal([1], { loc: b, scale: a })), [[-5], [5]]],
  ['bernoulli', (a) => d.bernoulli([1], { logits: a }), [[0.5], [2]]],
  ['binomial', (a) => d.binomial([1], { total: 5, logits: a }), [[-1], [0.5], [6]]],
  ['Poisson', (a) => d.poisson([1], { rate: a }), [[-1], [0.5]]],
  ['geometric', (a) => d.geometric([1], { logits: a }), [[-1], [0.5]]],
  ['negative binomial', (a, b) => d.negativeBinomial([1], { total: a, logits: b }), [[-1], [0.5]]],
  ['categorical', (a, b) => d.categorical({ logits: o.stack([a, b]) }), [[-1], [0.5], [2]]],
  [
    'one-hot',
    (a, b) => d.oneHotCategorical({ logits: o.stack([a, b]) }),
    [
      [1, 1],
      [0.5, 0.5],
    ],
  ],
];

describe('off the support', () => {
  it.each(families)('%s', async (_name, family, events) => {
    for (const event of events) {
      const { float32, float64 } = await inBoth([0.7, 1.3], (a, b) => {
        const dist = family(a, b);
        const l = D.runDraw(dist.logDensity(o.constant(event, dist.shape)));
        return [l, ...grad(l, [a, b])];
      });
      for (const [[l], [da], [db]] of [float32, float64]) {
        expect(l).toBe(Number.NEGATIVE_INFINITY);
        expect([Math.abs(da), Math.abs(db)], `${event}`).toEqual([0, 0]);
      }
    }
  });
});

describe('beside the simplex', () => {
  test('events that rounding has moved off it have the density of what they were', async () => {
    // Thirds in float32 sum to 1 + 3e-8; in float64 the density there is known.
    for (const size of [10, 1e4, 1e6]) {
      const exact = logP(d.dirichlet({ concentration: [size, size, size] }), [[1 / 3, 1 / 3, 1 / 3]])[0];
      for (const off of [1, 1 + 1e-6, 1 - 5e-6]) {
        const { float32 } = await inBoth([size, off / 3], (a, x) => [
          D.runDraw(d.dirichlet({ concentration: o.stack([a, a, a]) }).logDensity(o.stack([x, x, x]))),
        ]);
        expect(Math.abs(float32[0][0] - exact), `${size} ${off}`).toBeLessThan(1e-4);
      }
    }
  });
});
