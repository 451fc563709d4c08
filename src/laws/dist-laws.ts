/** Laws of one distribution: mass one, sampler and density agree, gradients reach everything, examples do not see each other. */

import type { AnyDist } from '../algebra/dist.ts';
import { buffersOf } from '../core/buffer.ts';
import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { type Expr, topological } from '../core/expr.ts';
import { evaluateProgram, reference } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { noiseFeeds, program } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { distPrograms } from '../inference/run.ts';
import { distParameters, logDensities, type Parameters, samples, scoredSamples, scores } from './dist-values.ts';
import { ballIdentity, integratesToOne } from './integral-laws.ts';
import { pointsIn, type Region, rowOf } from './region.ts';
import { agree, type Verdict, verdict } from './verdict.ts';

/** Options of {@link distLaws}. */
export interface DistLawOptions {
  /** Where events live; default the reals. */
  readonly region?: Region;
  readonly seed?: number;
  /** How far parameters are moved from their initial values; default 0.3. */
  readonly spread?: number;
  /** Tolerance of the integral in one and two dimensions; default 1e-6. Networks with kinks want more. */
  readonly quadrature?: number;
  /** Samples for the ball identity. */
  readonly count?: number;
}

/**
 * Laws of a sampler: the same noise gives the same sample; the log-density returned with a sample is the log-density of that sample, up to the rounding of the sample to
 * float64 where the density is steep (a squashed sample next to 1 has lost digits); samples lie in the support or are rounded onto its edge.
 *
 * @example
 * assertLaws('normal', samplerLaws(normal([2]), {}));
 */
export const samplerLaws = (dist: AnyDist, parameters: Parameters, seed = 0, tolerance = 1e-8): Verdict[] => {
  const n = 64;
  const drawn = scoredSamples(dist, n, parameters, seed);
  const { values, logDensity: own } = drawn;
  const again = samples(dist, n, parameters, seed);
  const common = [
    agree('sample = value of sampleAndLogDensity', again.data, values.data, 0),
    verdict(
      'samples have a finite log-density',
      own.filter((l) => !Number.isFinite(l)).length,
      0,
      'a count of samples',
    ),
  ];
  if (dist.evidence !== 'exact') return common;
  const size = sizeOf(dist.shape);
  const got = logDensities(dist, values, parameters, seed);
  const slope = scores(dist, values, parameters, seed);
  // A little towards the middle: inside the support, where the sample itself was rounded onto its edge.
  const middle = Array.from(values.data).reduce((a, b) => a + b, 0) / values.data.length;
  const inward = tensor(
    Float64Array.from(values.data, (v) => v + 1e-9 * (middle - v)),
    values.shape,
  );
  const inside = logDensities(dist, inward, parameters, seed);
  const snapped = got.map((l, i) => {
    if (l === Number.NEGATIVE_INFINITY) return Number.isFinite(inside[i]) ? own[i] : l;
    let rounding = 0;
    for (let k = i * size; k < (i + 1) * size; k++)
      rounding += 64 * Number.EPSILON * Math.abs(slope[k] * values.data[k]);
    return Math.abs(l - own[i]) <= rounding ? own[i] : l;
  });
  return [...common, agree('logDensity(sample) = its own log-density', snapped, own, tolerance, (i) => `sample ${i}`)];
};

/**
 * Laws of gradients: those of Σᵢ log p(xᵢ) are finite in the events and the parameters, and reach every parameter.
 *
 * @example
 * assertLaws('flow', gradientLaws(dist, pointsIn('reals', [2], 4), distParameters(dist)));
 */
export const gradientLaws = (dist: AnyDist, points: Tensor, parameters: Parameters, seed = 0): Verdict[] => {
  const n = points.shape[0];
  const { outputs } = distPrograms(dist, n, reference).logDensity();
  const leaves = topological(outputs).filter((e) => e.op === 'parameter' || e.op === 'input');
  const p = program(grad(o.sum(outputs[0]), leaves), 'float64');
  const values = evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...parameters, x: points });
  const reached = new Map<string, boolean>();
  let bad = '';
  leaves.forEach((e: Expr, i) => {
    if (e.op !== 'parameter' && e.op !== 'input') return;
    const { name } = e.attributes;
    if (values[i].data.some((v) => !Number.isFinite(v))) bad = name;
    if (e.op === 'parameter') reached.set(name, (reached.get(name) ?? false) || values[i].data.some((v) => v !== 0));
  });
  // Gradients do not move buffers.
  const buffers = new Set(
    buffersOf([D.runDraw(dist.logDensity(o.input('x', dist.shape)))]).map((b) => b.attributes.name),
  );
  const missed = [...reached].filter(([, yes]) => !yes).map(([name]) => name);
  const unknown = Object.keys(parameters).filter((name) => !reached.has(name));
  const unreached = [...missed, ...unknown].filter((name) => !buffers.has(name));
  return [
    verdict('gradients are finite', bad === '' ? 0 : 1, 0, bad),
    verdict('gradients reach every parameter', unreached.length, 0, unreached.join(', ')),
  ];
};

/**
 * The law of batches: example i of a batch has the log-density (and the noise) that it has on its own.
 *
 * @example
 * assertLaws('normal', batchLaws(normal([2]), pointsIn('reals', [2], 4), {}));
 */
export const batchLaws = (dist: AnyDist, points: Tensor, parameters: Parameters, seed = 0): Verdict[] => {
  const n = points.shape[0];
  const together = logDensities(dist, points, parameters, seed);
  const alone = distPrograms(dist, 1, reference).logDensity();
  const x = o.input('x', dist.shape);
  const bare = program([D.runDraw(dist.logDensity(x))], 'float64');
  const silent = bare.slots.every((s) => s.noise === undefined);
  const each = (f: (i: number, row: Tensor) => Tensor[]): number[] =>
    Array.from({ length: n }, (_, i) => f(i, rowOf(points, i))[0].data[0]);
  const singles = each((i, row) =>
    evaluateProgram(alone, {
      ...parameters,
      ...noiseFeeds(alone, { seed, firstExample: i }),
      x: tensor(row.data, [1, ...row.shape]),
    }),
  );
  const unbatched = silent ? each((_, row) => evaluateProgram(bare, { ...parameters, x: row })) : singles;
  return [
    agree('a batch of n = n batches of one', together, singles, 1e-12),
    agree('vmap = map over single events', together, unbatched, 1e-12),
  ];
};

/**
 * Laws at the support: outside it the log-density is −∞, at its edges it is not NaN, and everywhere its gradient is finite. `outside` and `edges` are events
 * `[n, …shape]`.
 *
 * @example
 * const verdicts = edgeLaws(exponential([1]), { outside: tensorOf([-1], [1, 1]), edges: tensorOf([0], [1, 1]) }, {});
 */
export const edgeLaws = (
  dist: AnyDist,
  { outside, edges }: { readonly outside: Tensor; readonly edges?: Tensor },
  parameters: Parameters,
): Verdict[] => {
  const off = logDensities(dist, outside, parameters);
  const on = edges === undefined ? new Float64Array() : logDensities(dist, edges, parameters);
  const slopes = [outside, ...(edges === undefined ? [] : [edges])].map(
    (points) => gradientLaws(dist, points, parameters)[0],
  );
  return [
    verdict('log-density is −∞ off the support', off.filter((l) => l !== Number.NEGATIVE_INFINITY).length, 0, `${off}`),
    verdict('log-density is a number at the edges', on.filter((l) => Number.isNaN(l) || l === Number.POSITIVE_INFINITY).length, 0, `${on}`), // biome-ignore format: one idea
    ...slopes.map((v) => ({ ...v, law: `${v.law} off the support and at its edges` })),
  ];
};

/**
 * Holds a distribution to everything that applies to it, at random parameters, in float64: {@link samplerLaws}, {@link gradientLaws} and
 * {@link batchLaws}; for exact densities also {@link ballIdentity} and, for events of one or two numbers, {@link integratesToOne}.
 *
 * @example
 * assertLaws('my flow', distLaws(myFlow));
 */
export const distLaws = (dist: AnyDist, options: DistLawOptions = {}): Verdict[] => {
  const { region = 'reals', seed = 0, spread = 0.3, quadrature = 1e-6, count = 8192 } = options;
  const parameters = distParameters(dist, region, seed, spread);
  const points = pointsIn(region, dist.shape, 16, seed);
  const common = { parameters, region, seed };
  return [
    ...samplerLaws(dist, parameters, seed),
    ...gradientLaws(dist, points, parameters, seed),
    ...batchLaws(dist, rowsUpTo(points, 5), parameters, seed),
    ...(dist.evidence === 'exact' ? [ballIdentity(dist, { ...common, count })] : []),
    ...(dist.evidence === 'exact' && sizeOf(dist.shape) <= 2
      ? [integratesToOne(dist, { ...common, tolerance: quadrature })]
      : []),
  ];
};

const rowsUpTo = (x: Tensor, n: number): Tensor =>
  tensor(Float64Array.from(x.data.subarray(0, n * sizeOf(x.shape.slice(1)))), [n, ...x.shape.slice(1)]);
