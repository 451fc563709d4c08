/** Laws that integrate: a density has mass one, and its sampler draws from it. */
import type { Law } from '../algebra/dist.ts';
import { range, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { logDensities, type Parameters, samples, scoredSamples } from './law-values.ts';
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

/** Where to integrate: the region's box, or the whole line scaled by samples. */
const axesFor = (law: Law, region: Region, parameters: Parameters, seed: number): Axis[] => {
  const [low, high] = boundsOf(region);
  if (Number.isFinite(low)) return Array.from({ length: sizeOf(law.shape) }, () => ({ low, high }));
  return columns(samples(law, 512, parameters, seed)).map((c) => ({
    centre: quantile(c, 0.5),
    scale: Math.max(1e-6, quantile(c, 0.9) - quantile(c, 0.1)),
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
 * ∫ p(x) dx = 1 over a region, for events of one or two numbers, by composite Gauss–Legendre quadrature (the line is mapped to an
 * interval). `panels` of eight points each along each axis; kinks (ReLU networks) want more of them.
 */
export const integratesToOne = (
  law: Law,
  { parameters, region = 'reals', seed = 0, tolerance = 1e-6, panels }: IntegralOptions & { readonly panels?: number },
): Verdict => {
  const size = sizeOf(law.shape);
  const axes = axesFor(law, region, parameters, seed);
  const { points, weights } = productRule(law.shape, axes, panels ?? (size === 1 ? 200 : 24));
  const mass = logDensities(law, points, parameters, seed).reduce((s, l, i) => s + weights[i] * Math.exp(l), 0);
  return verdict('∫ p(x) dx = 1', Math.abs(mass - 1), tolerance, `the integral is ${mass}`);
};

/** Volume of the ball of radius r in `d` dimensions. */
export const ballVolume = (d: number, r: number): number =>
  d === 0 ? 1 : d === 1 ? 2 * r : ((2 * Math.PI * r * r) / d) * ballVolume(d - 2, r);

/** A ball, in coordinates divided by `scales`, that many samples of a pilot fall into: around their median, or (bounded regions) the best of them. */
const chooseBall = (pilot: Tensor, region: Region, share: number) => {
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
    const distances = Array.from({ length: n }, (_, i) => distance(centre, pilot.data, i));
    const radius = Math.min(room, quantile(distances, share));
    return { centre, radius, hits: distances.filter((r) => r <= radius).length };
  };
  const median = around(axes.map((c) => quantile(c, 0.5)));
  const others = region === 'reals' ? [] : range(128).map((i) => around(pilot.data.subarray(i * d, (i + 1) * d)));
  const best = others.reduce((a, b) => (b.hits > a.hits ? b : a), median);
  return { ...best, distance, volume: scales.reduce((v, s) => v * s, ballVolume(d, best.radius)) };
};

/**
 * E_{x∼p}[1{x in B} / p(x)] = volume of B, for any ball (here: an ellipsoid along the axes) inside the support: sampler against density. The
 * ball is chosen by some samples; another seed's are then counted. Deviation in standard errors. Where no ball catches one sample in a hundred
 * (many dimensions, little room), or one sample carries a twentieth of the sum (no standard error to trust), the law is not tried, and says so.
 */
export const ballIdentity = (
  law: Law,
  {
    parameters,
    region = 'reals',
    seed = 0,
    tolerance = 5,
    count = 8192,
    share = sizeOf(law.shape) <= 2 ? 0.15 : 0.05,
  }: IntegralOptions & { readonly count?: number; readonly share?: number },
): Verdict => {
  const name = 'E[1{x in B} / p(x)] = volume of the ball B';
  const skipped = (why: string): Verdict => verdict(name, 0, tolerance, `not tried: ${why}`);
  const ball = chooseBall(samples(law, 512, parameters, seed + 1), region, share);
  if (ball.hits < 6) return skipped(`${ball.hits} of 512 samples in any ball`);
  const drawn = scoredSamples(law, count, parameters, seed);
  const terms = Array.from(drawn.logDensity, (l, i) =>
    ball.distance(ball.centre, drawn.values.data, i) <= ball.radius ? Math.exp(-l) : 0,
  );
  const mean = terms.reduce((a, b) => a + b, 0) / count;
  if (Math.max(...terms) > (mean * count) / 20) return skipped('one sample carries the sum');
  const error = Math.sqrt(terms.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1) / count);
  return verdict(
    name,
    Math.abs(mean - ball.volume) / error,
    tolerance,
    `in standard errors: ${mean} ± ${error} against ${ball.volume}`,
  );
};
