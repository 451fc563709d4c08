/** Laws that integrate: a density has mass one, and its sampler draws from it. */
import type { AnyDist } from '../algebra/dist.ts';
import { foldIn, type Generator, generator, keyOf } from '../core/prng.ts';
import { range, sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { logDensities, type Parameters, samples, scoredSamples } from './dist-values.ts';
import { type Axis, productRule } from './quadrature.ts';
import { boundsOf, type Region } from './region.ts';
import { type Verdict, verdict } from './verdict.ts';

/** Columns of `[n, …]` as arrays. */
const columns = (x: Tensor): number[][] => {
  const size = sizeOf(x.shape.slice(1));
  return Array.from({ length: size }, (_, d) => Array.from({ length: x.shape[0] }, (_r, i) => x.data[i * size + d]));
};

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];

/** Where to integrate: the region's box, or the whole line (of logarithms, for positive numbers) scaled by samples. */
const axesFor = (dist: AnyDist, region: Region, parameters: Parameters, seed: number): Axis[] => {
  const [low, high] = boundsOf(region);
  const positive = region === 'positive';
  if (Number.isFinite(low) && !positive) return Array.from({ length: sizeOf(dist.shape) }, () => ({ low, high }));
  return columns(samples(dist, 512, parameters, seed))
    .map((c) => (positive ? c.map(Math.log) : c))
    .map((c) => ({
      centre: quantile(c, 0.5),
      scale: Math.max(1e-6, quantile(c, 0.9) - quantile(c, 0.1)),
      positive,
    }));
};

/** What the integral laws take. */
export interface IntegralOptions {
  readonly parameters: Parameters;
  readonly region?: Region;
  readonly seed?: number;
  readonly tolerance?: number;
}

/**
 * The law ∫ p(x) dx = 1 over a region, for events of one or two numbers, by composite Gauss–Legendre quadrature (the line is mapped to an interval): `panels` panels of
 * eight nodes on each axis; kinked densities (ReLU networks) need more. Cost: (8 panels)^D densities.
 *
 * @example
 * integratesToOne(normal([1]), { parameters: {} }).holds;   // true
 */
export const integratesToOne = (
  dist: AnyDist,
  { parameters, region = 'reals', seed = 0, tolerance = 1e-6, panels }: IntegralOptions & { readonly panels?: number },
): Verdict => {
  const size = sizeOf(dist.shape);
  const axes = axesFor(dist, region, parameters, seed);
  const { points, weights } = productRule(dist.shape, axes, panels ?? (size === 1 ? 200 : 24));
  const mass = logDensities(dist, points, parameters, seed).reduce((s, l, i) => s + weights[i] * Math.exp(l), 0);
  return verdict('∫ p(x) dx = 1', Math.abs(mass - 1), tolerance, `the integral is ${mass}`);
};

/**
 * The volume of the ball of radius r in d dimensions: V₀ = 1, V₁ = 2r, V_d = 2πr² V_{d−2} / d.
 *
 * @example
 * ballVolume(3, 1);   // 4π/3 = 4.18879
 */
export const ballVolume = (d: number, r: number): number =>
  d === 0 ? 1 : d === 1 ? 2 * r : ((2 * Math.PI * r * r) / d) * ballVolume(d - 2, r);

/** Balls, in coordinates divided by `scales`, that many samples of a pilot fall into: around their median and around some of them. */
const chooseBalls = (pilot: Tensor, region: Region, share: number) => {
  const n = pilot.shape[0];
  const d = sizeOf(pilot.shape.slice(1));
  const [low, high] = boundsOf(region);
  const axes = columns(pilot);
  const scales = axes.map((c) => Math.max(1e-9, quantile(c, 0.75) - quantile(c, 0.25)));
  const distance = (c: ArrayLike<number>, x: ArrayLike<number>, i: number): number => {
    let s = 0;
    for (let k = 0; k < d; k++) s += ((x[i * d + k] - c[k]) / scales[k]) ** 2;
    return Math.sqrt(s);
  };
  const around = (centre: ArrayLike<number>) => {
    const room = Math.min(...scales.map((s, k) => Math.min(centre[k] - low, high - centre[k]) / s));
    const distances = range(n).map((i) => distance(centre, pilot.data, i));
    const radius = Math.min(room, quantile(distances, share));
    const inside = range(n).filter((i) => distances[i] <= radius);
    return {
      inside,
      volume: scales.reduce((v, s) => v * s, ballVolume(d, radius)),
      contains: (x: ArrayLike<number>, i: number): boolean => distance(centre, x, i) <= radius,
      /** A point uniform in the ball. */
      uniform: (g: Generator): number[] => {
        const direction = range(d).map(() => g.normal());
        const r = (radius * g.uniform() ** (1 / d)) / Math.hypot(...direction);
        return direction.map((v, k) => centre[k] + r * v * scales[k]);
      },
    };
  };
  const median = around(axes.map((c) => quantile(c, 0.5)));
  const others = range(64).map((i) => around(pilot.data.subarray(i * d, (i + 1) * d)));
  others.sort((a, b) => b.inside.length - a.inside.length);
  return [median, ...others.slice(0, 4)].filter((b) => b.inside.length >= 6);
};

const moments = (values: readonly number[]): { readonly mean: number; readonly variance: number } => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance: variance / values.length };
};

/**
 * Sampler against density in a ball B inside the support (here: ellipsoids along the axes), for any c > 0:
 *
 *     E_{x∼p}[1{x in B} / (p(x) + c)] = vol(B) · E_{u∼B}[p(u) / (p(u) + c)]
 *
 * With c = 0 it is the n-ball identity E[1{x in B} / p(x)] = vol(B), whose terms are unbounded; with c a median of p in the ball every term is bounded on both sides, so
 * standard errors are reliable. One set of samples chooses five balls, and another is counted in them. The deviation is in standard errors, of the
 * worst ball. Where no ball contains one sample in a hundred (high dimension) the law is not tested: it holds, and its detail says so.
 *
 * @example
 * ballIdentity(normal([2]), { parameters: {} }).holds;   // true
 */
export const ballIdentity = (
  dist: AnyDist,
  {
    parameters,
    region = 'reals',
    seed = 0,
    tolerance = 5,
    count = 8192,
    share = sizeOf(dist.shape) <= 2 ? 0.15 : 0.05,
  }: IntegralOptions & { readonly count?: number; readonly share?: number },
): Verdict => {
  const name = 'E[1{x in B} / (p + c)] = ∫_B p / (p + c)';
  const pilot = scoredSamples(dist, 512, parameters, seed + 1);
  const drawn = scoredSamples(dist, count, parameters, seed);
  const g = generator(foldIn(keyOf(seed), 'laws:ball'));
  const tried = chooseBalls(pilot.values, region, share).map((ball) => {
    const level = quantile(ball.inside.map((i) => pilot.logDensity[i]), 0.5); // biome-ignore format: one idea
    const m = Math.ceil(count / 4);
    const points = tensor(Float64Array.from(range(m).flatMap(() => ball.uniform(g))), [m, ...dist.shape]);
    // In units of c = e^level, so that nothing overflows.
    const left = moments(
      Array.from(drawn.logDensity, (l, i) => (ball.contains(drawn.values.data, i) ? 1 / (1 + Math.exp(l - level)) : 0)),
    );
    const right = moments(
      Array.from(logDensities(dist, points, parameters, seed), (l) => 1 / (1 + Math.exp(level - l))),
    );
    const size = ball.volume * Math.exp(level);
    const error = Math.sqrt(left.variance + size ** 2 * right.variance);
    const off = Math.abs(left.mean - size * right.mean) / error;
    const said = `in standard errors: ${left.mean} against ${size * right.mean}, ± ${error}`;
    return { off: Number.isNaN(off) ? Number.POSITIVE_INFINITY : off, said };
  });
  if (tried.length === 0) return verdict(name, 0, tolerance, 'not tried: too few samples in any ball');
  const worst = tried.reduce((a, b) => (b.off > a.off ? b : a));
  return verdict(name, worst.off, tolerance, worst.said);
};
