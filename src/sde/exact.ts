/** Distributions that can be diffused in closed form: normal distributions and their mixtures. They are the oracles of this room: marginals and denoisers without training. */

import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { opaque } from '../algebra/spec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { mixtureSameFamily } from '../distributions/mixture.ts';
import { normal } from '../distributions/normal.ts';
import { type Denoiser, denoiser, type Field } from './denoiser.ts';
import { denoiserKind, processKind } from './kinds.ts';
import type { Process, Terminal } from './process.ts';

/** Σₖ softmax(logits)ₖ N(locₖ, diag scaleₖ²): stacks `[K, …event]`. */
interface Components {
  readonly logits: Expr;
  readonly loc: Expr;
  readonly scale: Expr;
}

const notGaussian = (dist: AnyDist): never =>
  raise('ArgumentError', dist.spec.type, 'this distribution cannot be diffused in closed form', {
    expected: 'standardNormal, normal, or a mixture of them',
    got: dist.spec.type,
  });

const one = (dist: AnyDist): { readonly loc: Expr; readonly scale: Expr } => {
  const { family, shape } = dist;
  if (family?.name === 'standardNormal') return { loc: o.broadcastTo(0, shape), scale: o.broadcastTo(1, shape) };
  if (family?.name !== 'normal') return notGaussian(dist);
  const { loc, scale } = family.parameters;
  return { loc, scale };
};

const componentsOf = (dist: AnyDist): Components => {
  const mixed = dist.family?.name === 'mixture' ? dist.family : undefined;
  const parts = (mixed?.parts ?? [dist]).map(one);
  const logits = mixed?.parameters.logits ?? o.constant([0]);
  return {
    logits: o.sub(logits, o.logSumExp(logits)),
    loc: o.stack(parts.map((p) => p.loc)),
    scale: o.stack(parts.map((p) => p.scale)),
  };
};

/**
 * The exact marginal p_t of a normal distribution or a mixture of normal distributions under a process, Σ wₖ N(α mₖ, α² sₖ² + σ²), at a time (a number or a
 * scalar expression). Its log-density is in nats. Throws `ArgumentError` for other distributions.
 *
 * @example
 * diffuse(vp())(normal([2], { loc: 1, scale: 0.5 }))(0.3).logDensity(ops.input('x', [2]));
 */
export const diffuse =
  (process: Process) =>
  <const S extends Shape>(dist: Dist<S, Exact & Samples>) =>
  (time: Expr | number): Dist<S, Exact & Samples> => {
    const t = typeof time === 'number' ? o.scalar(time) : time;
    const { logits, loc, scale } = componentsOf(dist);
    const [a, s] = [process.alpha(t), process.sigma(t)];
    const marginal = mixtureSameFamily({
      logits,
      parameters: { loc: o.mul(a, loc), scale: o.sqrt(o.add(o.square(o.mul(a, scale)), o.square(s))) },
      family: ({ loc, scale }) => normal(dist.shape as S, { loc, scale }),
    });
    return distribution<S, Exact & Samples>({
      ...marginal,
      shape: dist.shape as S,
      spec: { ...opaque('diffused', 'the time is an expression'), process: process.spec, dist: dist.spec },
      evidence: 'exact',
    });
  };

/**
 * The exact denoiser of a normal distribution or a mixture of normal distributions: with vₖ = α²sₖ² + σ² and responsibilities rₖ ∝ wₖ N(x; αmₖ, vₖ),
 *
 *     E[x₀ | x] = Σ rₖ (mₖ + α sₖ² (x − αmₖ)/vₖ)        ∇ log p_t(x) = −Σ rₖ (x − αmₖ)/vₖ
 *
 * No parameters and no cancellation at any time, pure noise included. Throws `ArgumentError` for other distributions.
 *
 * @example
 * exactDenoiser(subVp(), normal([2], { loc: 1, scale: 0.5 })).score(ops.input('x', [2]), ops.scalar(0.3));
 */
export const exactDenoiser = define(
  denoiserKind,
  {
    type: 'exactDenoiser',
    about: 'The denoiser of a normal distribution or a mixture, in closed form.',
    takes: ['process', 'dist'],
    required: { process: nested(processKind), dist: nested(distributionKind) },
    build: ({ process, dist }): Denoiser => exactDenoiser(process, dist as Dist<Shape, Exact & Samples>),
    examples: [{ process: { type: 'vp' }, dist: { type: 'normal', shape: [2], loc: 1, scale: 2 } }],
  },
  <const S extends Shape, T extends Terminal>(process: Process<T>, dist: Dist<S, Exact & Samples>): Denoiser<S, T> => {
    const { logits, loc, scale } = componentsOf(dist);
    const k = logits.shape[0];
    const wide = [k, ...dist.shape.map(() => 1)];
    const axes = dist.shape.map((_, i) => i + 1);
    const at = (x: Expr, t: Expr) => {
      const a = process.alpha(t);
      const variance = o.add(o.square(o.mul(a, scale)), o.square(process.sigma(t)));
      const away = o.sub(o.expandDims(x, 0), o.mul(a, loc));
      const pull = o.div(away, variance);
      const log = o.add(logits, o.mul(-0.5, o.sum(o.add(o.mul(away, pull), o.log(variance)), axes)));
      const weights = o.reshape(o.softmax(log, 0), wide);
      return { a, pull, mean: (each: Expr): Expr => o.sum(o.mul(weights, each), 0) };
    };
    const data: Field = (x, t) => () => {
      const { a, pull, mean } = at(x, t);
      return mean(o.add(loc, o.mul(o.mul(a, o.square(scale)), pull)));
    };
    const score: Field = (x, t) => () => {
      const { pull, mean } = at(x, t);
      return o.neg(mean(pull));
    };
    return denoiser({
      spec: { type: 'exactDenoiser', process: process.spec, dist: dist.spec },
      shape: dist.shape as S,
      process,
      prediction: 'data',
      raw: data,
      data,
      score,
      noise: (x, t) => (scope) => o.neg(o.mul(process.sigma(t), score(x, t)(scope))),
    });
  },
);
