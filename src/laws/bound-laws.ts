/**
 * Laws of bounds. A layer that infers something contributes log p(x∣z) − log q(z∣x), so exp of a one-sample bound is an unbiased estimate of
 * p(x): its mean is exact whatever q is, and by Jensen's inequality the mean of the bound itself is below log p(x).
 */
import { type AnyDist, type Dist, pushforward } from '../algebra/dist.ts';
import type { Endo } from '../algebra/transport.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { uniform } from '../distributions/uniform.ts';
import { logDensities, type Parameters } from './dist-values.ts';
import { panelRule } from './quadrature.ts';
import { pointsIn } from './region.ts';
import { agree, type Verdict, verdict } from './verdict.ts';

/**
 * The verdict that a uniform distribution on [0, 1) behind a uniform dequantiser gives every event the log-probability −D log L nats exactly: log₂ L bits per dimension,
 * 8 for 256 levels.
 *
 * @example
 * uniformLevelsDist(dequantise({ levels: 4 }), { levels: 4, shape: [2] }).holds;   // true
 */
export const uniformLevelsDist = (
  dequantiser: Endo<'bound'>,
  { levels, shape, seed = 0 }: { readonly levels: number; readonly shape: Shape; readonly seed?: number },
): Verdict => {
  const dist = pushforward(dequantiser)(uniform(shape));
  const points = pointsIn({ levels }, shape, 8, seed);
  const want = new Float64Array(8).fill(-sizeOf(shape) * Math.log(levels));
  return agree('uniform over L levels has log P = −D log L', logDensities(dist, points, {}, seed), want, 1e-12);
};

/**
 * P(k) = ∫ p(y) dy over [k/L, (k+1)/L], k = 0 … L − 1, of a distribution of one number in [0, 1), by composite Gauss–Legendre quadrature. Cost: 128 L densities.
 *
 * @example
 * levelProbabilities(uniform([1]), 4, {});   // [0.25, 0.25, 0.25, 0.25]
 */
export const levelProbabilities = (base: AnyDist, levels: number, parameters: Parameters): number[] => {
  const panels = 16;
  const { nodes, weights } = panelRule(0, 1, levels * panels);
  const l = logDensities(base, tensor(nodes, [nodes.length, ...base.shape]), parameters);
  const each = nodes.length / levels;
  return Array.from({ length: levels }, (_, k) => {
    let s = 0;
    for (let i = k * each; i < (k + 1) * each; i++) s += weights[i] * Math.exp(l[i]);
    return s;
  });
};

/** Parameters as a distribution's base names them: those of a base that was not pushed forward itself stand under `base/`. */
const ofBase = (base: AnyDist, parameters: Parameters): Parameters =>
  base.pushed !== undefined
    ? parameters
    : Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name.replace(/^base\//, ''), t]));

const moments = (values: readonly number[]): { readonly mean: number; readonly error: number } => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
};

/** How far a < b is missed, or a = b, in standard errors; a rounding error counts for nothing. */
const errors = (excess: number, error: number): number => excess / Math.max(error, 1e-9);

/**
 * Laws of a distribution of one integer in 0 … L − 1 that is a dequantiser over an exact distribution `base` on [0, 1): for every level the mean bound is at most
 * log P(k), the mean of exp(bound) is P(k), with P(k) by quadrature, and the P(k) sum to one (where `base` has all its mass in [0, 1)). Deviations are in standard errors.
 *
 * @example
 * const behind = pipe(uniform([1]), pushforward(dequantise({ levels: 2 })));
 * const verdicts = levelBoundLaws(behind, 2, {}, { base: uniform([1]), count: 200 });
 */
export const levelBoundLaws = (
  dist: Dist<Shape, unknown> | AnyDist,
  levels: number,
  parameters: Parameters,
  {
    seed = 0,
    count = 2000,
    total = 1e-6,
  }: { readonly seed?: number; readonly count?: number; readonly total?: number } = {},
): Verdict[] => {
  const base = dist.pushed?.base;
  if (base === undefined)
    return [verdict('the distribution is a dequantiser over an exact distribution', 1, 0, dist.spec.type)];
  const p = levelProbabilities(base, levels, ofBase(base, parameters));
  const repeated = (k: number): Tensor => tensor(new Float64Array(count).fill(k), [count, ...dist.shape]);
  const bounds = p.map((_, k) => Array.from(logDensities(dist, repeated(k), parameters, seed + k)));
  const above = bounds.map((b, k) => {
    const { mean, error } = moments(b);
    return errors(mean - Math.log(p[k]), error);
  });
  const biased = bounds.map((b, k) => {
    const { mean, error } = moments(b.map(Math.exp));
    return errors(Math.abs(mean - p[k]), error);
  });
  const worst = (values: readonly number[]): string =>
    `in standard errors, at level ${values.indexOf(Math.max(...values))}`;
  return [
    verdict('E[bound] ≤ log P(k)', Math.max(...above), 5, worst(above)),
    verdict('E[exp(bound)] = P(k)', Math.max(...biased), 5, worst(biased)),
    verdict('Σ P(k) = 1', Math.abs(p.reduce((a, b) => a + b, 0) - 1), total),
  ];
};
