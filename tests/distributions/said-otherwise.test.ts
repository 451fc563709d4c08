/** Parameters said in another way (probabilities, covariances): the same distributions, read back from JSON, refused where they say nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import * as D from '../../src/core/draw.ts';
import * as o from '../../src/core/ops/index.ts';
import { bernoulli, categorical, kl, multivariateNormal, oneHotCategorical } from '../../src/distributions/index.ts';
import { distOf, drawn, logP, numbers, refusal, relative } from './helpers.ts';

const again = (dist: AnyDist): AnyDist => distOf(JSON.parse(JSON.stringify(dist.spec)));

describe('probabilities', () => {
  it('of coins are log-probabilities of their events, at any p', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        const coin = bernoulli([1], { probs: p });
        for (const dist of [coin, again(coin), bernoulli([1], { probs: o.scalar(p) })]) {
          const [no, yes] = logP(dist, [[0], [1]]);
          expect(relative(yes, Math.log(p))).toBeLessThan(1e-9);
          expect(relative(no, Math.log1p(-p))).toBeLessThan(1e-9);
        }
        expect(again(coin).spec).toEqual(coin.spec);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it('of classes may be 0: such a class never comes', () => {
    const probs = [0.2, 0.5, 0, 0.3];
    for (const dist of [categorical({ probs, shape: [1] }), again(categorical({ probs, shape: [1] }))])
      logP(dist, [[0], [1], [2], [3]]).forEach((l, k) =>
        probs[k] === 0 ? expect(l).toBe(Number.NEGATIVE_INFINITY) : expect(l).toBeCloseTo(Math.log(probs[k]), 12),
      );
    const hot = oneHotCategorical({ probs });
    expect(numbers(hot.mean)).toEqual(probs.map((p) => expect.closeTo(p, 12)));
    expect(again(hot).spec).toEqual(hot.spec);
    const entropy = -probs.reduce((h, p) => h + (p === 0 ? 0 : p * Math.log(p)), 0);
    expect(numbers(hot.entropy)[0]).toBeCloseTo(entropy, 12);
    const even = kl(hot, oneHotCategorical({ logits: [0, 0, 0, 0] }));
    expect([even.evidence, drawn(even.value)[0]]).toEqual(['exact', expect.closeTo(Math.log(4) - entropy, 12)]);
  });

  it('are refused where they are none', () => {
    expect(refusal(() => bernoulli([1], { probs: 1 }))).toContain('probs has a value outside its range (expected probabilities in (0, 1), got 1)'); // biome-ignore format: one idea
    expect(refusal(() => categorical({ probs: [0.5, 0.6] }))).toContain(
      'probs do not sum to one (expected 1, got 1.1)',
    );
    expect(refusal(() => categorical({} as never))).toContain('the chances of classes are not said (expected logits or probs, got neither)'); // biome-ignore format: one idea
    // @ts-expect-error one way, not both
    expect(refusal(() => bernoulli([1], { probs: 0.5, logits: 0 }))).toContain('chances are said in one way (expected logits or probs, got both)'); // biome-ignore format: one idea
  });
});

describe('a covariance', () => {
  const tril = [[2, 0, 0], [-1, 0.5, 0], [0.3, 0.2, 1.5]]; // biome-ignore format: a matrix
  const covariance = tril.map((a) => tril.map((b) => a.reduce((t, v, k) => t + v * b[k], 0)));
  const [said, factored] = [multivariateNormal({ loc: [1, 2, 3], covariance }), multivariateNormal({ loc: [1, 2, 3], scaleTril: tril })]; // biome-ignore format: a pair

  it('is that of the factor it has, as an expression too', () => {
    const rows = [[0, 1, 2], [1, 2, 3], [-4, 2, 0.5]]; // biome-ignore format: a matrix
    const given = multivariateNormal({ loc: [1, 2, 3], covariance: o.constant(covariance.flat(), [3, 3]) });
    for (const dist of [said, again(said), given])
      logP(dist, rows).forEach((l, i) => expect(relative(l, logP(factored, rows)[i])).toBeLessThan(1e-12));
    // Rounding leaves a covariance that was computed symmetric to a few digits less than all.
    const rounded = covariance.map((row, i) => row.map((v, j) => (i > j ? v * (1 + 1e-14) : v)));
    expect(relative(logP(multivariateNormal({ covariance: rounded }), rows)[0], logP(multivariateNormal({ covariance }), rows)[0])).toBeLessThan(1e-10); // biome-ignore format: one idea
    numbers(said.covariance).forEach((v, i) => expect(v).toBeCloseTo(covariance.flat()[i], 12));
    const apart = kl(said, factored);
    expect([apart.evidence, drawn(apart.value)[0]]).toEqual(['exact', expect.closeTo(0, 12)]);
    expect(D.runDraw(said.sample).shape).toEqual([3]);
  });

  it('is refused where it is none', () => {
    expect(refusal(() => multivariateNormal({ covariance: [[1, 0.5], [0.4, 1]] }))).toContain('covariance is not symmetric (expected 0.4 in row 0, column 1, got 0.5)'); // biome-ignore format: one idea
    expect(refusal(() => multivariateNormal({ covariance: [[1, 2], [2, 1]] }))).toContain('covariance is not positive definite'); // biome-ignore format: one idea
    expect(refusal(() => multivariateNormal({} as never))).toContain('(expected scaleTril or covariance, got neither)');
    // @ts-expect-error one way, not both
    expect(refusal(() => multivariateNormal({ covariance, scaleTril: tril }))).toContain('got both');
    expect(refusal(() => multivariateNormal({ covariance: [[1, 0, 0], [0, 1, 0]] }))).toContain('ShapeError'); // biome-ignore format: one idea
  });
});
