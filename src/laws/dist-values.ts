/** A distribution's numbers at random parameters on `reference`: what the laws of distributions are checked on. */
import type { AnyDist } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import { evaluateProgram, reference } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { noiseFeeds, type Program } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { distPrograms } from '../inference/run.ts';
import { pointsIn, type Region, randomised } from './region.ts';

/** A distribution's parameters by name. */
export type Parameters = Readonly<Record<string, Tensor>>;

/**
 * Random parameters of a distribution, by name ({@link randomised}); initial values that depend on data are computed from random points of the region.
 *
 * @example
 * const parameters = distParameters(dist);
 */
export const distParameters = (dist: AnyDist, region: Region = 'reals', seed = 0, spread = 0.3): Parameters => {
  const x = o.input('x', dist.shape);
  const drawn = D.runDraw(dist.sampleAndLogDensity);
  const outputs = [D.runDraw(dist.logDensity(x)), drawn.value, drawn.logDensity];
  return randomised(outputs, { seed, spread, examples: { input: x, points: pointsIn(region, dist.shape, 64, seed) } });
};

/** Rows in one run. */
const CHUNK = 4096;

const runChunked = (
  build: (size: number) => Program,
  n: number,
  parameters: Parameters,
  seed: number,
  points?: Tensor,
): Float64Array[] => {
  const size = Math.min(CHUNK, n);
  const width = points === undefined ? 0 : sizeOf(points.shape.slice(1));
  const parts: Tensor[][] = [];
  for (let at = 0; at < n; at += size) {
    const rows = Math.min(size, n - at);
    const p = build(rows);
    const x = points && { x: tensor(Float64Array.from(points.data.subarray(at * width, (at + rows) * width)), [rows, ...points.shape.slice(1)]) }; // biome-ignore format: one idea
    parts.push(evaluateProgram(p, { ...parameters, ...noiseFeeds(p, { seed, firstExample: at }), ...x }));
  }
  return parts[0].map((_, k) => Float64Array.from(parts.flatMap((part) => Array.from(part[k].data))));
};

/**
 * log p of each row of `points` `[n, …shape]` on `reference`, in nats: a bound or an unnormalised value where that is the evidence of the distribution.
 *
 * @example
 * logDensities(normal([1]), tensorOf([0], [1, 1]), {});   // [−½ log 2π] = [-0.919]
 */
export const logDensities = (dist: AnyDist, points: Tensor, parameters: Parameters, seed = 0): Float64Array =>
  runChunked((size) => distPrograms(dist, size, reference).logDensity(), points.shape[0], parameters, seed, points)[0];

/** ∇ₓ log p of each row of `points`, `[n, …]` flat. */
export const scores = (dist: AnyDist, points: Tensor, parameters: Parameters, seed = 0): Float64Array =>
  runChunked((size) => distPrograms(dist, size, reference).score(), points.shape[0], parameters, seed, points)[0];

/**
 * `n` samples `[n, …shape]` on `reference`, with their log-densities `[n]` in nats.
 *
 * @example
 * const { values, logDensity } = scoredSamples(normal([2]), 10, {});
 */
export const scoredSamples = (
  dist: AnyDist,
  n: number,
  parameters: Parameters,
  seed = 0,
): { readonly values: Tensor; readonly logDensity: Float64Array } => {
  const [values, logDensity] = runChunked(
    (size) => distPrograms(dist, size, reference).sampleAndLogDensity(),
    n,
    parameters,
    seed,
  );
  return { values: tensor(values, [n, ...dist.shape]), logDensity };
};

/**
 * `n` samples `[n, …shape]` on `reference`; the same seed gives the same samples.
 *
 * @example
 * samples(normal([2]), 10, {}).shape;   // [10, 2]
 */
export const samples = (dist: AnyDist, n: number, parameters: Parameters, seed = 0): Tensor =>
  tensor(runChunked((size) => distPrograms(dist, size, reference).sample(), n, parameters, seed)[0], [
    n,
    ...dist.shape,
  ]);
