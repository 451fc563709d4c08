/** Divergences: every closed form against quadrature or enumeration, estimates that say so, and what each needs. */
import { describe, expect, it } from 'vitest';
import { type AnyDist, type Dist, distribution, named } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import { compose } from '../../src/algebra/transport.ts';
import { affine, affineCoupling, shift } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import {
  bernoulli,
  beta as betaDist,
  binomial,
  categorical,
  cauchy,
  chiSquared,
  conditionalFlow,
  conditionalNormal,
  crossEntropy,
  dirichlet,
  entropy,
  exponential,
  familyOf,
  gamma as gammaDist,
  geometric,
  gumbel,
  halfNormal,
  independent,
  inverseGamma,
  type KlTable,
  kl,
  klPairs,
  laplace,
  logNormal,
  lowRankNormal,
  mixture,
  multinomial,
  multivariateNormal,
  normal,
  oneHotCategorical,
  parameter,
  pareto,
  poisson,
  product,
  pushforward,
  rayleigh,
  standardNormal,
  uniform,
} from '../../src/distributions/index.ts';
import { distParameters, gaussLegendre } from '../../src/laws/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { drawn, logP, numbers, refusal, relative } from './helpers.ts';

type Any = Dist<readonly number[], Exact & Samples>;
/** KL in closed form. */
const exact = (p: AnyDist, q: AnyDist): number => {
  const { value, evidence } = kl(p as Any, q as Any);
  expect(evidence).toBe('exact');
  return drawn(value)[0];
};

const { nodes, weights } = gaussLegendre(40);
/** ∫ p (log p − log q) over panels between break points. */
const quadrature = (p: AnyDist, q: AnyDist, breaks: readonly number[], panels: number): number => {
  const xs: number[] = [];
  const ws: number[] = [];
  breaks.slice(1).forEach((end, i) => {
    const h = (end - breaks[i]) / panels / 2;
    for (let k = 0; k < panels; k++)
      nodes.forEach((t, j) => {
        xs.push(breaks[i] + h * (2 * k + 1 + t));
        ws.push(h * weights[j]);
      });
  });
  const rows = xs.map((x) => [x]);
  return sum(p, q, rows, ws);
};
const sum = (p: AnyDist, q: AnyDist, rows: readonly (readonly number[])[], ws?: readonly number[]): number => {
  const [a, b] = [logP(p, rows), logP(q, rows)];
  return a.reduce((s, l, i) => s + (l === Number.NEGATIVE_INFINITY ? 0 : (ws?.[i] ?? 1) * Math.exp(l) * (l - b[i])), 0);
};

const gamma = (concentration: number, rate: number): AnyDist => gammaDist([1], { concentration, rate });
const beta = (alpha: number, b: number): AnyDist => betaDist([1], { alpha, beta: b });

const simplex = (concentration: readonly number[]): AnyDist => dirichlet({ concentration });

const loc = (l: number, s: number) => ({ loc: l, scale: s });
const continuous: readonly (readonly [string, AnyDist, AnyDist, readonly number[], number])[] = [
  ['normal', normal([1], loc(0.3, 0.7)), normal([1], loc(-1, 2)), [-12, 12], 40],
  ['normal, standard', normal([1], loc(0.3, 0.7)), standardNormal([1]), [-12, 12], 40],
  ['standard, normal', standardNormal([1]), normal([1], loc(1, 0.8)), [-12, 12], 40],
  ['laplace', laplace([1], loc(0.3, 0.7)), laplace([1], loc(-1, 2)), [-30, -1, 0.3, 30], 30],
  ['gumbel', gumbel([1], loc(0.3, 0.7)), gumbel([1], loc(-0.4, 1.5)), [-5, 40], 60],
  ['exponential', exponential([1], { rate: 2 }), exponential([1], { rate: 0.3 }), [0, 30], 60],
  ['uniform', uniform([1], { low: 0, high: 1 }), uniform([1], { low: -2, high: 3 }), [0, 1], 1],
  ['gamma', gamma(2.5, 1.3), gamma(4, 0.6), [0, 1e-3, 1, 60], 30],
  ['beta', beta(2.5, 3.5), beta(1.5, 4), [0, 1e-3, 0.999, 1], 30],
  ['log-normal', logNormal([1], loc(0.3, 0.4)), logNormal([1], loc(0, 0.6)), [0.02, 1, 40], 60],
  ['half-normal', halfNormal([1], { scale: 0.7 }), halfNormal([1], { scale: 2 }), [0, 9], 30],
  ['rayleigh', rayleigh([1], { scale: 0.7 }), rayleigh([1], { scale: 1.1 }), [0, 0.1, 9], 40],
  ['pareto', pareto([1], { concentration: 30, scale: 1.2 }), pareto([1], { concentration: 20, scale: 1 }), [1.2, 2, 8], 60],
  ['inverse gamma', inverseGamma([1], { concentration: 20, scale: 25 }), inverseGamma([1], { concentration: 12, scale: 14 }), [0.2, 2, 30], 80],
  ['χ²', chiSquared([1], { degrees: 5 }), chiSquared([1], { degrees: 8 }), [0, 1e-3, 1, 120], 40],
  ['cauchy', cauchy([1], loc(0.3, 0.7)), cauchy([1], loc(-1, 2)), [-1e11, -1e9, -1e7, -1e5, -1e3, -10, 10, 1e3, 1e5, 1e7, 1e9, 1e11], 120],
]; // biome-ignore format: one line a pair

describe('closed forms agree with quadrature to 1e-8', () => {
  it.each(continuous)('%s', (_name, p, q, breaks, panels) => {
    const got = exact(p, q);
    expect(got).toBeGreaterThan(0);
    expect(relative(got, quadrature(p, q, breaks, panels))).toBeLessThan(1e-8);
    expect(Math.abs(exact(p, p))).toBeLessThan(1e-14);
  });

  it('Dirichlet, of two classes, is beta; of three, a limit of the definition', () => {
    expect(relative(exact(simplex([2.5, 3.5]), simplex([1.5, 4])), exact(beta(2.5, 3.5), beta(1.5, 4)))).toBeLessThan(1e-12); // biome-ignore format: one idea
    // Aggregation: a Dirichlet distribution is a beta distribution and one of fewer classes, independent.
    const whole = exact(simplex([1, 2, 3]), simplex([2, 2.5, 1.5]));
    const parts = exact(beta(1, 5), beta(2, 4)) + exact(beta(2, 3), beta(2.5, 1.5));
    expect(relative(whole, parts)).toBeLessThan(1e-12);
  });
});

const span = (n: number): number[][] => Array.from({ length: n }, (_, k) => [k]);
const hot = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // biome-ignore format: a matrix
const discrete: readonly (readonly [string, AnyDist, AnyDist, readonly (readonly number[])[]])[] = [
  ['bernoulli', bernoulli([1], { logits: 2 }), bernoulli([1], { logits: -1 }), span(2)],
  ['binomial', binomial([1], { total: 30, logits: 2 }), binomial([1], { total: 30, logits: -1 }), span(31)],
  ['geometric', geometric([1], { logits: 0.5 }), geometric([1], { logits: -1 }), span(200)],
  ['poisson', poisson([1], { rate: 4 }), poisson([1], { rate: 7.5 }), span(80)],
  ['categorical', categorical({ logits: [0, 1, -2], shape: [1] }), categorical({ logits: [1, 0, 0], shape: [1] }), span(3)], // biome-ignore format: one line a pair
  ['one-hot', oneHotCategorical({ logits: [0, 1, -2] }), oneHotCategorical({ logits: [1, 0, 0] }), hot],
  ['multinomial', multinomial({ total: 3, logits: [0, 1] }), multinomial({ total: 3, logits: [1, 0] }), [0, 1, 2, 3].map((k) => [k, 3 - k])], // biome-ignore format: one line a pair
];

it('a Pareto distribution that reaches below another is infinitely far from it', () => {
  const [low, high] = [pareto([1], { concentration: 3 }), pareto([1], { concentration: 3, scale: 2 })];
  expect(exact(low, high)).toBe(Number.POSITIVE_INFINITY);
  expect(exact(high, low)).toBeCloseTo(3 * Math.LN2, 12);
});

describe('closed forms agree with enumeration to 1e-8', () => {
  it.each(discrete)('%s', (_name, p, q, events) => {
    const got = exact(p, q);
    expect(got).toBeGreaterThan(0);
    expect(relative(got, sum(p, q, events))).toBeLessThan(1e-8);
    expect(Math.abs(exact(p, p))).toBeLessThan(1e-14);
  });

  it('outside the second support the divergence is infinite', () => {
    expect(exact(uniform([1]), uniform([1], { low: 0.1 }))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('distributions made of distributions', () => {
  const p = normal([2], { loc: [1, -1], scale: 0.5 });

  it('parts add up, copies multiply', () => {
    const one = exact(p, standardNormal([2]));
    const coin = exact(bernoulli([1], { logits: 1 }), bernoulli([1]));
    expect(exact(independent([3])(p), independent([3])(standardNormal([2])))).toBeCloseTo(3 * one, 12);
    const [a, b] = [product([p, bernoulli([1], { logits: 1 })]), product([standardNormal([2]), bernoulli([1])])];
    expect(exact(a, b)).toBeCloseTo(one + coin, 12);
  });

  it('a bijection that both were pushed through cancels; another one does not', () => {
    const f = affine();
    expect(exact(pushforward(f)(p), pushforward(f)(standardNormal([2])))).toBeCloseTo(
      exact(p, standardNormal([2])),
      12,
    );
    expect(exact(pushforward(affine())(p), pushforward(affine())(standardNormal([2])))).toBeCloseTo(exact(p, standardNormal([2])), 12); // biome-ignore format: one idea
    expect(kl(pushforward(f)(p), p).evidence).toBe('unbiased');
  });

  it('multivariate normal: that of its axes where it is diagonal, and of rotated axes', () => {
    const diagonal = multivariateNormal({ loc: [1, -1], scaleTril: [[0.5, 0], [0, 0.5]] }); // biome-ignore format: a matrix
    const standard = multivariateNormal({ loc: [0, 0], scaleTril: [[1, 0], [0, 1]] }); // biome-ignore format: a matrix
    expect(exact(diagonal, standard)).toBeCloseTo(exact(p, standardNormal([2])), 12);
    // ½ (tr Σ + ‖m‖² − 2 − log |Σ|) with Σ = L Lᵀ.
    const tilted = multivariateNormal({ loc: [1, 2], scaleTril: [[2, 0], [-1, 0.5]] }); // biome-ignore format: a matrix
    expect(exact(tilted, standard)).toBeCloseTo(0.5 * (5.25 + 5 - 2 - 2 * Math.log(1)), 12);
  });
});

describe('normal distributions of vectors, however their covariances are given', () => {
  const [factor, diagonal] = [[[1, 0.5], [-0.3, 0.2], [0.7, -1]], [0.4, 0.9, 0.2]]; // biome-ignore format: a matrix
  /** L with L Lᵀ = F Fᵀ + diag d, by hand. */
  const covariance = factor.map((a, i) =>
    factor.map((b, j) => a[0] * b[0] + a[1] * b[1] + (i === j ? diagonal[i] : 0)),
  );
  const tril = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]; // biome-ignore format: a matrix
  covariance.forEach((row, i) =>
    row.slice(0, i + 1).forEach((v, j) => {
      const rest = v - tril[i].slice(0, j).reduce((t, w, k) => t + w * tril[j][k], 0);
      tril[i][j] = i === j ? Math.sqrt(rest) : rest / tril[j][j];
    }),
  );
  const other = [[1.3, 0, 0], [0.4, 0.8, 0], [-1, 0.2, 0.6]]; // biome-ignore format: a matrix
  const low = lowRankNormal({ loc: [1, 2, -1], factor, diagonal });
  const same = multivariateNormal({ loc: [1, 2, -1], scaleTril: tril });
  const q = multivariateNormal({ loc: 0.5, scaleTril: other });

  it('a low-rank distribution and the full distribution of its covariance are as far from any other', () => {
    expect(relative(exact(low, q), exact(same, q))).toBeLessThan(1e-12);
    expect(relative(exact(q, low), exact(q, same))).toBeLessThan(1e-12);
    expect(Math.abs(exact(low, same))).toBeLessThan(1e-12);
    expect(Math.abs(exact(low, low))).toBeLessThan(1e-12);
    const tall = lowRankNormal({ factor: [[2], [1], [0]], diagonal: 0.3 });
    expect(relative(exact(low, tall), exact(same, tall))).toBeLessThan(1e-12);
  });

  it('a distribution by axes and the full distribution of its scales are as far from any other', () => {
    const axes = normal([3], { loc: [1, 0, 2], scale: [0.5, 1, 2] });
    const full = multivariateNormal({ loc: [1, 0, 2], scaleTril: [[0.5, 0, 0], [0, 1, 0], [0, 0, 2]] }); // biome-ignore format: a matrix
    for (const r of [q, low]) {
      expect(relative(exact(axes, r), exact(full, r))).toBeLessThan(1e-12);
      expect(relative(exact(r, axes), exact(r, full))).toBeLessThan(1e-12);
    }
    const unit = multivariateNormal({ scaleTril: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] }); // biome-ignore format: a matrix
    expect(relative(exact(low, standardNormal([3])), exact(low, unit))).toBeLessThan(1e-12);
  });

  it('matrices may be expressions', () => {
    const given = (rows: readonly (readonly number[])[]) => o.constant(rows.flat(), [rows.length, rows[0].length]);
    const [p, r] = [tril, other].map((l) => multivariateNormal({ loc: 0.5, scaleTril: given(l) }));
    expect(exact(p, r)).toBe(exact(multivariateNormal({ loc: 0.5, scaleTril: tril }), q));
    expect(exact(lowRankNormal({ loc: [1, 2, -1], factor: given(factor), diagonal }), r)).toBe(exact(low, q));
  });
});

describe('bijections are compared by what they compute', () => {
  const context = (c: number) => o.constant([c, -c]);
  const flow = conditionalFlow(conditionalNormal([2], [2]), (c) => affineCoupling({ conditioner: mlp([4]).given(c) }));
  const given = (c: Expr): Any => flow.given(c)({ path: '' }) as Any;

  it('conditional flows of one context differ by their bases alone; of two contexts there is no closed form', () => {
    const base = conditionalNormal([2], [2]);
    const at = (of: typeof base, c: number): Any => of.given(context(c))({ path: 'base' }) as Any;
    const parameters = distParameters(given(context(0.7)), 'reals', 3, 0.5);
    const value = (p: AnyDist, q: AnyDist): number => drawn(kl(p as Any, q as Any).value, 0, parameters)[0];
    expect(kl(given(context(0.7)), given(context(0.7))).evidence).toBe('exact');
    expect(Math.abs(value(given(context(0.7)), given(context(0.7))))).toBeLessThan(1e-12);
    expect(kl(given(context(0.7)), given(context(-2))).evidence).toBe('unbiased');
    // The same layer, whose networks read no context: then the base distributions, which do, are all that differs.
    const fixed = conditionalFlow(base, () => affineCoupling({ conditioner: mlp([4]) }));
    const [p, q] = [0.7, -2].map((c) => fixed.given(context(c))({ path: '' }) as Any);
    expect(kl(p, q).evidence).toBe('exact');
    expect(value(p, q)).toBeGreaterThan(0);
    expect(relative(value(p, q), value(at(base, 0.7), at(base, -2)))).toBeLessThan(1e-12);
  });

  it('of different contexts, the estimate is that of the densities', () => {
    const parameters = distParameters(given(context(0.7)), 'reals', 3, 0.5);
    const [p, q] = [given(context(0.7)), given(context(-2))];
    const [first, second] = [1, 2].map((seed) => drawn(kl(p, q, { samples: 4000 }).value, seed, parameters)[0]);
    expect(first).toBeGreaterThan(0.1);
    expect(Math.abs(first - second)).toBeLessThan(0.2 * first);
  });

  it('two declarations of one layer at one place are one bijection; of other numbers they are not', () => {
    const [p, q] = [normal([2], { loc: [1, -1], scale: 0.5 }), standardNormal([2])];
    const through = (by: number) => (dist: typeof p) => pushforward(compose(affine(), shift(by)))(dist);
    expect(exact(through(3)(p), through(3)(q))).toBeCloseTo(exact(p, q), 12);
    expect(kl(through(3)(p), through(4)(q)).evidence).toBe('unbiased');
    // The same map written otherwise is not recognised: an estimate, and no wrong closed form.
    const twice = pushforward(compose(affine(), compose(shift(1), shift(2))))(q);
    expect(kl(through(3)(p), twice).evidence).toBe('unbiased');
  });

  it('distributions at one place are compared there; at two places their parameters differ', () => {
    const f = affine();
    const [p, q] = [pushforward(f)(normal([2], { loc: 1 })), pushforward(f)(standardNormal([2]))];
    expect(exact(named('a')(p), named('a')(q))).toBeCloseTo(1, 12);
    expect(kl(named('a')(p), named('b')(q)).evidence).toBe('unbiased');
    expect(exact(named('a')(normal([2], { loc: 1 })), named('b')(standardNormal([2])))).toBeCloseTo(1, 12);
  });
});

describe('parameters may be expressions', () => {
  it('the divergence of a conditional distribution is exact, and differentiable', () => {
    const m = o.parameterLeaf('m', o.scalar(0.5));
    const { value, evidence } = kl(normal([2], { loc: m, scale: 2 }), standardNormal([2]));
    expect(evidence).toBe('exact');
    const [slope] = grad(D.runDraw(value), [m]);
    expect(slope.shape).toEqual([]);
    const at = kl(normal([2], { loc: o.scalar(0.5), scale: 2 }), standardNormal([2]));
    expect(drawn(at.value)[0]).toBeCloseTo(2 * (0.5 * (4 - 1 + 0.25) - Math.log(2)), 12);
  });
});

describe('estimates say so', () => {
  const p = normal([1], { loc: 0.4 });
  const q = laplace([1]);

  it('and come near quadrature', () => {
    const { value, evidence } = kl(p, q, { samples: 40_000 });
    expect(evidence).toBe('unbiased');
    const wanted = quadrature(p, q, [-12, 0, 12], 30);
    expect(Math.abs(drawn(value, 3)[0] - wanted)).toBeLessThan(0.01);
    const cross = crossEntropy(p, q, { samples: 40_000 });
    expect(cross.evidence).toBe('unbiased');
    expect(Math.abs(drawn(cross.value, 3)[0] - wanted - numbers(p.entropy)[0])).toBeLessThan(0.01);
    const bumps = mixture({ logits: [0, 0], components: [p, normal([1], { loc: 40 })] });
    const h = entropy(bumps, { samples: 40_000 });
    expect(h.evidence).toBe('unbiased');
    expect(Math.abs(drawn(h.value, 3)[0] - numbers(p.entropy)[0] - Math.LN2)).toBeLessThan(0.02);
  });

  it('entropy and cross-entropy are exact where they can be', () => {
    expect(entropy(p)).toMatchObject({ evidence: 'exact' });
    const cross = crossEntropy(p, standardNormal([1]));
    expect(cross.evidence).toBe('exact');
    expect(drawn(cross.value)[0]).toBeCloseTo(0.5 * Math.log(2 * Math.PI) + 0.5 * 1.16, 12);
  });

  it('a pair of your own is a line in a table', () => {
    const mine = kl(p, q, { pairs: { ...klPairs, 'normal/laplace': () => D.of(o.scalar(42)) } });
    expect([mine.evidence, drawn(mine.value)[0]]).toEqual(['exact', 42]);
  });

  it('a family of your own is declared where its distribution is made', () => {
    const mine = (rate: number): Any =>
      distribution<readonly [1], Exact & Samples>({
        shape: [1],
        ...familyOf('mine', [1], { rate }),
        evidence: 'exact',
        logDensity: (x) => D.of(o.sum(x)),
        sample: D.of(o.constant([0.5])),
      });
    const both = (a: number, b: number) => [mine(a), mine(b)] as unknown as Dist<readonly [number], Exact & Samples>[];
    const pairs: KlTable = {
      ...klPairs,
      'mine/mine': (a, b) => D.of(o.sum(o.sub(parameter(a, 'rate') as Expr, parameter(b, 'rate') as Expr))),
    };
    const found = kl(product(both(5, 1)), product(both(2, 3)), { pairs });
    expect([found.evidence, drawn(found.value)[0]]).toEqual(['exact', 1]);
    expect(kl(mine(5), mine(2)).evidence).toBe('unbiased');
  });

  it('different totals have no closed form; different events no divergence', () => {
    expect(kl(binomial([1], { total: 3 }), binomial([1], { total: 4 })).evidence).toBe('unbiased');
    expect(kl(categorical({ logits: [0, 0] }), categorical({ logits: [0, 0, 0] })).evidence).toBe('unbiased');
    expect(refusal(() => kl(normal([1]) as Any, normal([2]) as Any))).toBe('ShapeError kl: the distributions have different events (expected [1], got [2])'); // biome-ignore format: one idea
    expect(refusal(() => kl(p, q, { samples: 0 }))).toContain('samples is not a number of samples (expected an integer from 1, got 0)'); // biome-ignore format: one idea
  });
});
