/** Denoising diffusion where everything is known: data N(0, s²), whose exact denoiser is linear. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { discretisedNormal, standardNormal } from '../../src/distributions/index.ts';
import {
  betas,
  ddpm,
  ddpmLayers,
  type GaussianChain,
  gaussianChain,
  interpolated,
  type ReverseChain,
  rateDistortion,
  reverseLogVariances,
  reverseRun,
  variancePreservingChain,
} from '../../src/sde/index.ts';

/** n independent values of a draw of numbers, in float64, one row each. */
const rows = (draw: D.Draw<readonly Expr[]>, n: number, seed = 0): number[][] => {
  const all = vmapAll(() => D.runDraw(draw), { size: n, fresh: () => true })();
  const p = program(all, 'float64');
  return evaluateProgram(p, noiseFeeds(p, { seed })).map(toNumbers);
};
const values = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => rows(D.map((v: Expr) => [v])(draw), n, seed)[0];
const mean = (xs: readonly number[]): number => xs.reduce((a, c) => a + c, 0) / xs.length;
const variance = (xs: readonly number[]): number => mean(xs.map((v) => (v - mean(xs)) ** 2));
const error = (xs: readonly number[]): number => Math.sqrt(variance(xs) / xs.length);

type Variance = 'large' | 'small' | 'best';

/** v_k = α_k² s² + σ_k²: the marginal variance. */
const marginal = (chain: GaussianChain, s2: number): number[] =>
  chain.alpha.map((a, k) => a * a * s2 + chain.sigma[k] ** 2);
/** The variance of x_{k−1} given x_k for data N(0, s²), k = 1 … T. */
const trueVariances = (chain: GaussianChain, s2: number): number[] => {
  const v = marginal(chain, s2);
  return chain.step.map((s, i) => v[i] - (s.keep * v[i]) ** 2 / v[i + 1]);
};

/** The exact reverse chain of data N(0, s²), with one of the variances. */
const exact = (
  chain: GaussianChain,
  s2: number,
  choice: Variance,
  shape: readonly number[] = [1],
): ReverseChain<readonly number[]> => {
  const v = marginal(chain, s2);
  const slope = o.constant(chain.alpha.slice(1).map((a, i) => (a * s2) / v[i + 1]));
  const logs =
    choice === 'best' ? o.constant(trueVariances(chain, s2).map(Math.log)) : reverseLogVariances(chain)[choice];
  return {
    spec: { type: 'exact' },
    shape,
    chain,
    reverse: (x, index) => () => {
      const data = o.mul(o.gather(slope, index), x);
      const [a, s] = [chain.alpha, chain.sigma].map((all) => o.gather(o.constant(all.slice(1)), index));
      return { data, noise: o.div(o.sub(x, o.mul(a, data)), s), logVariance: o.gather(logs, index) };
    },
  };
};

const logNormal = (x: number, v: number): number => -0.5 * Math.log(2 * Math.PI * v) - (x * x) / (2 * v);
const at = (dist: Dist<readonly number[], Bound>, x: number): D.Draw<Expr> => dist.logDensity(o.constant([x]));

describe('schedules and chains', () => {
  test('the linear schedule is that of the paper, and leaves 4.04e-5 of the signal', () => {
    const beta = betas();
    expect([beta[0], beta[999]]).toEqual([1e-4, 0.02]);
    expect(variancePreservingChain(beta).alpha[1000] ** 2).toBeCloseTo(4.04e-5, 7);
  });

  test.each(['linear', 'quadratic', 'cosine'] as const)('%s: posteriors are those of Ho et al. (eq. 7)', (schedule) => {
    const beta = betas({ schedule, steps: 20 });
    const chain = variancePreservingChain(beta);
    let bar = 1;
    beta.forEach((b, i) => {
      const before = bar;
      bar *= 1 - b;
      const s = chain.step[i];
      expect(s.added).toBeCloseTo(b, 12);
      expect(chain.alpha[i + 1] ** 2).toBeCloseTo(bar, 12);
      expect(s.fromData).toBeCloseTo((Math.sqrt(before) * b) / (1 - bar), 12);
      expect(s.fromNoisy).toBeCloseTo((Math.sqrt(1 - b) * (1 - before)) / (1 - bar), 12);
      expect(s.posterior).toBeCloseTo((b * (1 - before)) / (1 - bar), 12);
    });
  });

  test('the cosine schedule has its closed form', () => {
    const chain = variancePreservingChain(betas({ schedule: 'cosine', steps: 50 }));
    const f = (u: number): number => Math.cos(((u + 0.008) / 1.008) * 0.5 * Math.PI) ** 2;
    for (const k of [1, 10, 40]) expect(chain.alpha[k] ** 2).toBeCloseTo(f(k / 50) / f(0), 12);
  });

  test('refuses marginals that lose noise, naming the step', () => {
    expect(() => gaussianChain([0.9, 0.95], [0.3, 0.3])).toThrow(/step 2 adds no noise/);
    expect(() => betas({ last: 1.5 })).toThrow(/outside \(0, 1\)/);
  });
});

describe('the bound of Gaussian data', () => {
  const chain = variancePreservingChain(betas({ steps: 5 }));
  const s2 = 0.25;
  const x = 0.8;
  const v = marginal(chain, s2);
  const priorKl = (m: number): number => 0.5 * (chain.sigma[5] ** 2 + m * m - 1 - 2 * Math.log(chain.sigma[5]));

  test('with the true variances: log p(x) but for the prior, on average over data', () => {
    // −E bound = entropy + E_q(x_T) KL to the prior, all of it in closed form: the reverse chain is Bayes' rule.
    const dist = ddpm(exact(chain, s2, 'best'), { terms: 'all' });
    const found = values(at(dist, x), 4000);
    // The exact bound at x: log p(x) − E[log q(x_T | x) − log p_data(x_T)…] = log p(x) + log-ratio of the marginal and the prior at x_T.
    const m = chain.alpha[5] * x;
    const expectedRatio = 0.5 * Math.log(v[5]) - 0.5 * (m * m + chain.sigma[5] ** 2) * (1 - 1 / v[5]);
    expect(Math.abs(mean(found) - (logNormal(x, s2) + expectedRatio))).toBeLessThan(4 * error(found) + 1e-9);
    expect(priorKl(m)).toBeGreaterThan(0);
  });

  test('one random step is an unbiased look at all of them', () => {
    for (const choice of ['large', 'small'] as const) {
      const [one, all] = (['one', 'all'] as const).map((terms) =>
        values(at(ddpm(exact(chain, s2, choice), { terms }), x), 8000, 1),
      );
      expect(Math.abs(mean(one) - mean(all))).toBeLessThan(4 * Math.hypot(error(one), error(all)));
      expect(variance(all)).toBeLessThan(variance(one));
    }
  });

  test.each([
    'large',
    'small',
    'best',
  ] as const)('as T stochastic layers it is the same in expectation (%s)', (choice) => {
    const model = exact(chain, s2, choice);
    const layered = pipe(standardNormal([1]), pushforward(ddpmLayers(model))) as unknown as Dist<
      readonly number[],
      Bound
    >;
    const [a, b] = [values(at(layered, x), 20_000, 2), values(at(ddpm(model, { terms: 'all' }), x), 4000, 3)];
    expect(Math.abs(mean(a) - mean(b))).toBeLessThan(4 * Math.hypot(error(a), error(b)));
    expect(layered.evidence).toBe('bound');
  });

  test('over levels too: layers and split bound agree, and bound the probability', () => {
    const model = exact(chain, s2, 'small', [2]);
    const event = o.constant([3, 6]);
    const of = (dist: Dist<readonly number[], Bound>): D.Draw<Expr> => dist.logDensity(event);
    const levels = 8;
    const layered = pipe(standardNormal([2]), pushforward(ddpmLayers(model, { levels })));
    const split = ddpm(model, { levels, terms: 'all' });
    const [a, b] = [values(of(layered as never), 8000, 4), values(of(split), 2000, 5)];
    expect(Math.abs(mean(a) - mean(b))).toBeLessThan(4 * Math.hypot(error(a), error(b)));
    // E exp(one-sample bound of the layers) = P(event) ≥ exp(bound).
    const probability = mean(a.map(Math.exp));
    expect(Math.log(probability)).toBeGreaterThan(mean(b) - 1e-3);
  });

  test('the first decoder alone is the discretised normal distribution', () => {
    const one = variancePreservingChain(betas({ steps: 1, first: 0.3 }));
    const model = exact(one, s2, 'best');
    const event = o.constant([5]);
    const dist = ddpm(model, { levels: 16, terms: 'all' });
    // At T = 1 the bound is E log p(x₀ | x₁) − KL; with the noise integrated by hand.
    const x0 = (2 * 5) / 15 - 1;
    const half = 7.5;
    const slope = (one.alpha[1] * s2) / marginal(one, s2)[1];
    const deviation = Math.sqrt(trueVariances(one, s2)[0]);
    const grid = Array.from({ length: 121 }, (_, i) => -6 + (12 * i) / 120);
    const decoders = grid.map((e) =>
      discretisedNormal([1], {
        loc: half * (slope * (one.alpha[1] * x0 + one.sigma[1] * e) + 1),
        scale: half * deviation,
        levels: 16,
      }),
    );
    const p = program(
      decoders.map((d) => D.runDraw(d.logDensity(event))),
      'float64',
    );
    const terms = evaluateProgram(p, {}).map((t) => toNumbers(t)[0]);
    const expected = terms.reduce((a, t, i) => a + t * Math.exp(logNormal(grid[i], 1)) * (12 / 120), 0);
    const [m, sd] = [one.alpha[1] * x0, one.sigma[1]];
    const kl = 0.5 * (sd * sd + m * m - 1) - Math.log(sd);
    const found = values(dist.logDensity(event), 4000, 6);
    expect(Math.abs(mean(found) - (expected - kl))).toBeLessThan(4 * error(found));
  });
});

describe('gaps of fixed variances (T = 1000, s² = ¼, the decoder left out)', () => {
  const chain = variancePreservingChain(betas());
  const s2 = 0.25;
  const trueV = trueVariances(chain, s2);
  const gap = (fixed: (i: number) => number): number =>
    trueV.slice(1).reduce((a, t, i) => a + 0.5 * (t / fixed(i + 1) - 1 - Math.log(t / fixed(i + 1))), 0);

  test('in closed form: 0.00109 nats for β, 0.45635 for β̃', () => {
    expect(gap((i) => chain.step[i].added)).toBeCloseTo(0.00109, 5);
    expect(gap((i) => chain.step[i].posterior)).toBeCloseTo(0.45635, 5);
  });

  test('they are what the bound loses', () => {
    // Same noise for both: the difference of bounds is the difference of gaps, once averaged over data as well.
    const event = D.fromRandom((c) => {
      const [dist, next] = [standardNormal([1]).sample, c];
      return dist({ path: '' })(next);
    });
    const bound = (choice: Variance) => (x0: Expr): D.Draw<Expr> => ddpm(exact(chain, s2, choice), { terms: 'all' }).logDensity(o.mul(0.5, x0)); // biome-ignore format: one line
    const both = pipe(
      event,
      D.chain((x0) =>
        pipe(
          D.forked(bound('small')(x0)),
          D.chain((a) => pipe(D.forked(bound('best')(x0)), D.map((b) => o.sub(b, a)))), // biome-ignore format: one idea
        ),
      ),
    );
    const first = Math.log(trueV[0] / chain.step[1].posterior);
    const decoderGap = 0.5 * (trueV[0] / chain.step[1].posterior - 1 - first);
    const found = values(both, 250, 7);
    expect(Math.abs(mean(found) - (gap((i) => chain.step[i].posterior) + decoderGap))).toBeLessThan(4 * error(found));
  });
});

describe('running the chain backwards', () => {
  const chain = variancePreservingChain(betas({ steps: 40 }));
  const s2 = 0.25;

  test.each(['large', 'small'] as const)('samples have the variance of the affine recursion (%s)', (choice) => {
    const model = exact(chain, s2, choice);
    const v = marginal(chain, s2);
    const variances = toNumbers(
      evaluateProgram(program([o.exp(reverseLogVariances(chain)[choice])], 'float64'), {})[0],
    );
    let now = 1;
    for (let k = chain.steps; k >= 1; k--) {
      const s = chain.step[k - 1];
      const c = (s.fromData * chain.alpha[k] * s2) / v[k] + s.fromNoisy;
      now = c * c * now + variances[k - 1];
    }
    const found = values(D.map((x: Expr) => o.sum(x))(ddpm(model).sample), 15_000, 8);
    expect(Math.abs(variance(found) / now - 1)).toBeLessThan(5 * Math.sqrt(2 / 15_000));
    expect(Math.abs(mean(found))).toBeLessThan(5 * error(found));
  });

  test('levels are integers of the list', () => {
    const dist = ddpm(exact(chain, s2, 'small', [3]), { levels: 8 });
    const [xs] = rows(D.map((x: Expr) => [x])(dist.sample), 500, 9);
    expect(xs.every((k) => Number.isInteger(k) && k >= 0 && k < 8)).toBe(true);
    expect(new Set(xs).size).toBeGreaterThan(3);
  });

  test('progressive generation ends at what the last step says, and settles on the way', () => {
    const model = exact(chain, s2, 'small');
    const draw = pipe(
      D.fromRandom((c) => standardNormal([1]).sample({ path: '' })(c)),
      D.chain(reverseRun(model, 40)),
    );
    const [event, progress] = rows(
      D.map((r: { event: Expr; progress: Expr }) => [r.event, r.progress])(draw),
      2000,
      10,
    );
    const wrong = (k: number): number => mean(event.map((e, i) => (e - progress[40 * i + k]) ** 2));
    expect(wrong(39)).toBeLessThan(0.01);
    expect(wrong(20)).toBeLessThan(wrong(5));
    expect(wrong(39)).toBeLessThan(wrong(20));
  });

  test('the rate adds up to the bound, and the distortion falls to 0', () => {
    const model = exact(chain, s2, 'small');
    const event = o.constant([0.3]);
    const draw = D.map((c: { rate: Expr; distortion: Expr }) => [c.rate, c.distortion])(rateDistortion(model)(event));
    const [rate, distortion] = rows(draw, 4000, 11);
    const column = (all: readonly number[], k: number): number[] =>
      Array.from({ length: 4000 }, (_, i) => all[41 * i + k]);
    const bound = values(ddpm(model, { terms: 'all' }).logDensity(event), 4000, 12);
    const total = column(rate, 40);
    expect(Math.abs(mean(total) + mean(bound))).toBeLessThan(4 * Math.hypot(error(total), error(bound)));
    // Distortion of the exact denoiser: α⁻² times nothing but its closed form, |x₀ − x̂₀| averaged over noise.
    const v = marginal(chain, s2);
    for (const k of [40, 20, 5]) {
      const slope = (chain.alpha[k] * s2) / v[k];
      const expected = (0.3 * (1 - slope * chain.alpha[k])) ** 2 + (slope * chain.sigma[k]) ** 2;
      const found = column(distortion, 40 - k).map((d) => d * d);
      expect(Math.abs(mean(found) - expected)).toBeLessThan(4 * error(found) + 1e-12);
    }
    expect(column(distortion, 40).every((d) => d === 0)).toBe(true);
  });

  test('interpolation: same noise for every weight, so equal ends stay equal', () => {
    const model = exact(chain, s2, 'small');
    const draw = interpolated(model, { at: 10, weights: [0, 0.5, 1] });
    const [same] = rows(D.map((x: Expr) => [x])(draw(o.constant([0.4]), o.constant([0.4]))), 20, 13);
    for (let i = 0; i < 20; i++) for (const j of [1, 2]) expect(same[3 * i + j]).toBeCloseTo(same[3 * i], 12);
    const [between] = rows(D.map((x: Expr) => [x])(draw(o.constant([-1]), o.constant([1]))), 20, 13);
    for (let i = 0; i < 20; i++) expect(between[3 * i + 1]).toBeCloseTo((between[3 * i] + between[3 * i + 2]) / 2, 10);
  });
});
