/** The laws of distributions: on families, on flows, on every registered model, and on bounds. */

import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import {
  affine,
  affineCoupling,
  compose,
  inverse,
  logit,
  repeat,
  reshape,
  reverse,
} from '../../src/bijectors/index.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { normal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import {
  type DistLawOptions,
  distLaws,
  distParameters,
  edgeLaws,
  gaussLegendre,
  levelBoundLaws,
  levelProbabilities,
  showVerdicts,
  uniformLevelsDist,
  type Verdict,
  violations,
} from '../../src/laws/index.ts';
import { models } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';
import { smallOptions } from '../models/small.ts';

const holds = (verdicts: readonly Verdict[]): void => {
  expect(verdicts.length).toBeGreaterThan(0);
  expect(showVerdicts(violations(verdicts))).toBe('');
};

const net = mlp([6], { activation: 'tanh' });
const block = compose(affineCoupling({ conditioner: net }), reverse());

const dists: readonly (readonly [string, AnyDist, DistLawOptions])[] = [
  ['standard normal in 1-D', standardNormal([1]), {}],
  ['standard normal of a matrix', standardNormal([2, 3]), {}],
  ['normal', normal([2], { loc: [1, -2], scale: [0.5, 3] }), {}],
  ['uniform', uniform([2]), { region: 'unit' }],
  ['uniform on a box', uniform([1], { low: -1, high: 3 }), { region: { low: -1, high: 3 } }],
  ['affine flow', pushforward(affine())(standardNormal([1])), {}],
  ['RealNVP in 2-D', pushforward(repeat(3, block))(standardNormal([2])), {}],
  ['RealNVP in 4-D', pushforward(repeat(2, block))(standardNormal([4])), {}],
  ['learned log-scales', pushforward(repeat(2, compose(affineCoupling({ conditioner: net, logScale: 'learned' }), reverse())))(standardNormal([2])), {}], // biome-ignore format: one line a law
  ['logit-normal', pushforward(logit({ alpha: 0 }))(standardNormal([2])), { region: 'unit' }],
  ['flow on the unit square', pushforward(compose(logit({ alpha: 0 }), block, affine()))(standardNormal([2])), { region: 'unit', quadrature: 1e-5 }], // biome-ignore format: one line a law
  ['logistic', pushforward(inverse(logit({ alpha: 0 })))(uniform([2])), {}],
  ['matrix events', pushforward(compose(reshape([1, 2], [2]), block))(standardNormal([2])), {}],
  ['flow on a flow', pipe(standardNormal([2]), pushforward(block), pushforward(affine())), {}],
  ['dequantised flow', pushforward(compose(dequantise({ levels: 8 }), logit({ alpha: 0.01 }), block))(standardNormal([3])), { region: { levels: 8 } }], // biome-ignore format: one line a law
];

describe('laws of distributions', () => {
  test.each(dists)('%s', (_name, dist, options) => {
    holds(distLaws(dist, options));
    holds(distLaws(dist, { ...options, seed: 1, spread: 0.5 }));
  });
});

describe('laws of registered models', () => {
  test.each(Object.values(models).map((m) => [m.name, m] as const))('%s', (_name, model) => {
    for (const shape of [[2], [3]])
      holds(
        distLaws(model.build({ shape }, smallOptions(model.name, { width: 6 })), {
          count: 4096,
          quadrature: 2e-4,
          spread: 0.2,
        }),
      );
    const levels = 8;
    holds(
      distLaws(model.build({ shape: [2, 2], levels }, smallOptions(model.name, { width: 6 })), { region: { levels } }),
    );
  });
});

describe('edges of the support', () => {
  const outside = tensorOf([-0.5, 0.5, 0.5, 1.5, 2, 2, -1e-9, 0.5], [4, 2]);
  const edges = tensorOf([0, 0.5, 1, 0.5, 0, 1], [3, 2]);

  test('uniform', () => holds(edgeLaws(uniform([2]), { outside, edges }, {})));

  test('flows on the unit square', () => {
    for (const alpha of [0, 1e-6, 0.1]) {
      const dist = pushforward(compose(logit({ alpha }), block))(standardNormal([2]));
      const further = tensorOf([-0.5, 0.5, 0.5, 1.5, 2, 2, -1, 0.5], [4, 2]);
      holds(edgeLaws(dist, { outside: further, edges }, distParameters(dist, 'unit')));
    }
  });
});

describe('bounds', () => {
  test('Gauss–Legendre is exact for polynomials', () => {
    const { nodes, weights } = gaussLegendre(8);
    const integral = nodes.reduce((s, x, i) => s + weights[i] * x ** 14, 0);
    expect(Math.abs(integral - 2 / 15)).toBeLessThan(1e-15);
  });

  test('a uniform distribution over 256 levels is exactly 8 bits/dim', () => {
    holds([uniformLevelsDist(dequantise(), { levels: 256, shape: [7, 7] })]);
    holds([uniformLevelsDist(dequantise({ levels: 2 }), { levels: 2, shape: [5] })]);
  });

  test.each([
    [2, 0],
    [5, 0],
    [4, 0.1],
  ])('dequantised logit flow over %i levels, α = %f: bound ≤ exact, E exp(bound) = P, Σ P = 1', (levels, alpha) => {
    const base = pushforward(compose(logit({ alpha }), affine()))(standardNormal([1]));
    const dist = pushforward(dequantise({ levels }))(base);
    for (const seed of [0, 1]) {
      const parameters = distParameters(dist, { levels }, seed, 0.5);
      // With α > 0 the distribution leaves mass outside [0, 1], which rounding puts into the first and last level.
      holds(levelBoundLaws(dist, levels, parameters, { seed, total: alpha === 0 ? 1e-6 : 0.2 }));
    }
  });

  test('probabilities of levels of a known distribution', () => {
    const p = levelProbabilities(uniform([1]), 4, {});
    expect(Math.max(...p.map((v) => Math.abs(v - 0.25)))).toBeLessThan(1e-14);
  });
});
