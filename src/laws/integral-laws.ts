/** Laws that integrate: a density has mass one, and its sampler draws from it. */
import type { Law } from '../algebra/dist.ts';
import { sizeOf } from '../core/shape.ts';
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

/**
 * E_{x∼p}[1{‖x − c‖ ≤ r} / p(x)] = volume of the ball, for any ball inside the support: sampler against density. c is the median of some
 * samples and r a quantile of their distances; another seed's samples are then counted. Deviation in standard errors.
 */
export const ballIdentity = (
  law: Law,
  {
    parameters,
    region = 'reals',
    seed = 0,
    tolerance = 5,
    count = 8192,
    share = 0.15,
  }: IntegralOptions & { readonly count?: number; readonly share?: number },
): Verdict => {
  const d = sizeOf(law.shape);
  const pilot = columns(samples(law, 512, parameters, seed + 1));
  const centre = pilot.map((c) => quantile(c, 0.5));
  const distance = (at: (k: number) => number): number => Math.hypot(...centre.map((c, k) => at(k) - c));
  const [low, high] = boundsOf(region);
  const room = Math.min(...centre.map((c) => Math.min(c - low, high - c)));
  const r = Math.min(room, quantile(pilot[0].map((_, i) => distance((k) => pilot[k][i])), share)); // biome-ignore format: one idea
  const drawn = scoredSamples(law, count, parameters, seed);
  const terms = Array.from(drawn.logDensity, (l, i) =>
    distance((k) => drawn.values.data[i * d + k]) <= r ? Math.exp(-l) : 0,
  );
  const mean = terms.reduce((a, b) => a + b, 0) / count;
  const error = Math.sqrt(terms.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1) / count);
  const volume = ballVolume(d, r);
  return verdict(
    'E[1{‖x − c‖ ≤ r} / p(x)] = volume of the ball',
    Math.abs(mean - volume) / error,
    tolerance,
    `in standard errors: ${mean} ± ${error} against ${volume}, r = ${r}`,
  );
};
