/** Relaxed choices: distributions on the simplex (or the unit interval) that come near a discrete distribution as the temperature falls, with gradients. */

import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution, type Scored } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { unitInterval } from '../algebra/support.ts';
import { finite as finiteNumber, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, scalarShape, showShape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { argument } from './argument-codec.ts';
import { type CategoricalOptions, classLogits, logSoftmax } from './categorical.ts';
import { finite } from './counts.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';

/** Parameters of {@link concrete} and {@link straightThrough}. */
export interface ConcreteOptions<S extends Shape> extends CategoricalOptions<S> {
  /** Temperature τ > 0, one for all; default 1. */
  readonly temperature?: number | Expr;
}

const temperatureOf = (owner: string, t: number | Expr): Expr => {
  positive(owner, 'temperature', t);
  return fits(owner, 'temperature', toExpr(t), []);
};

/** log of a relaxed sample, log softmax((l + g)/τ): reparameterised. */
const logSample = (l: Expr, tau: Expr): D.Draw<Expr> =>
  pipe(
    D.fromRandom(R.gumbel(l.shape)),
    D.map((g) => logSoftmax(o.div(o.add(l, g), tau))),
  );

/** log Γ(K) + (K−1) log τ + Σ (lₖ − (τ+1) yₖ) − K logΣ exp(lₖ − τ yₖ) at y = log x, for each vector. */
const concreteLog = (y: Expr, l: Expr, tau: Expr): Expr => {
  const k = l.shape[l.shape.length - 1];
  const logGamma = Array.from({ length: k - 1 }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0);
  const shifted = o.sub(l, o.mul(tau, y));
  return o.add(
    o.add(logGamma, o.mul(k - 1, o.log(tau))),
    o.sub(o.sum(o.sub(shifted, y), -1), o.mul(k, o.logSumExp(shifted, -1))),
  );
};

/**
 * The Concrete (Gumbel-softmax) distribution (Maddison et al. 2017; Jang et al. 2017): x = softmax((l + g)/τ) for standard Gumbel g, on the interior of
 * the simplex, events `[…shape, K]`. Its density with respect to dx₁…dx_{K−1}: log p(x) = log Γ(K) + (K−1) log τ + Σ (lₖ − (τ+1) log xₖ) −
 * K logΣ exp(lₖ − τ log xₖ) nats, −∞ off the interior (sums are compared to 1 within 1e-4). The sampler is reparameterised, and
 * `sampleAndLogDensity` scores log x itself, so nothing underflows at low temperatures. Throws `ArgumentError` where τ is not positive,
 * `ShapeError` for fewer than two classes.
 *
 * @example
 * const soft = concrete({ logits: [0, 1, 2], temperature: 0.5 });
 */
export const concrete = define(
  distributionKind,
  {
    type: 'concrete',
    about: 'A relaxed one-hot vector on the simplex.',
    required: { logits: argument },
    optional: { shape: shapeCodec, temperature: finiteNumber },
    examples: [{ logits: [0, 1, 0.5], temperature: 0.7, shape: [2] }],
  },
  <const S extends Shape = readonly []>({
    logits,
    temperature = 1,
    shape = scalarShape<S>(),
  }: ConcreteOptions<S>): Dist<readonly [...S, number], Exact & Samples> & Facts<'support'> => {
    const l = classLogits('concrete', logits, shape);
    if (l.shape[shape.length] < 2)
      return raise('ShapeError', 'concrete', 'a simplex needs two classes', {
        expected: '[…, K], K ≥ 2',
        got: showShape(l.shape),
      });
    const tau = temperatureOf('concrete', temperature);
    const scored: D.Draw<Scored> = pipe(
      logSample(l, tau),
      D.map((y) => ({ value: o.exp(y), logDensity: o.sum(concreteLog(y, l, tau)) })),
    );
    const dist = distribution<readonly [...S, number], Exact & Samples>({
      shape: l.shape as readonly [...S, number],
      ...familyOf('concrete', shape, { logits, temperature }, l.shape),
      evidence: 'exact',
      logDensity: (x) => {
        const inner = o.equal(o.sum(o.cast(o.greater(x, 0), 'real'), -1), l.shape[shape.length]);
        const ok = o.and(inner, o.less(o.abs(o.sub(o.sum(x, -1), 1)), 1e-4));
        const y = o.log(o.where(o.expandDims(ok, shape.length), x, 1));
        return D.of(o.sum(onSupport(concreteLog(y, l, tau), ok, 0, (v) => v)));
      },
      sample: D.map((s: Scored) => s.value)(scored),
      sampleAndLogDensity: scored,
    });
    return withFacts(dist, { support: { kind: 'simplex' } });
  },
);

/** Jang et al.'s name for {@link concrete}. */
export const gumbelSoftmax = concrete;

/**
 * A one-hot sample whose gradient is that of the relaxed one (straight-through Gumbel-softmax, Jang et al. 2017): the value is
 * `oneHot(argmax)`, the derivative that of softmax((l + g)/τ). It has no density, and its type says so: `Samples` only.
 *
 * @example
 * const code = straightThrough({ logits: [0, 1, 2], temperature: 0.7 });
 */
export const straightThrough = define(
  distributionKind,
  {
    type: 'straightThrough',
    about: 'A one-hot vector with the gradient of a relaxed one.',
    required: { logits: argument },
    optional: { shape: shapeCodec, temperature: finiteNumber },
    examples: [{ logits: [0, 1, 0.5], temperature: 0.7, shape: [2] }],
  },
  <const S extends Shape = readonly []>({
    logits,
    temperature = 1,
    shape = scalarShape<S>(),
  }: ConcreteOptions<S>): Dist<readonly [...S, number], Samples> & Facts<'support' | 'mean'> => {
    const l = classLogits('straightThrough', logits, shape);
    const tau = temperatureOf('straightThrough', temperature);
    const k = l.shape[shape.length];
    const dist = distribution<readonly [...S, number], Samples>({
      shape: l.shape as readonly [...S, number],
      ...familyOf('straightThrough', shape, { logits, temperature }, l.shape),
      evidence: 'none',
      logDensity: () =>
        raise('ArgumentError', 'straightThrough', 'a straight-through sample has no density', {
          expected: 'concrete or oneHotCategorical',
          got: 'straightThrough',
        }),
      sample: pipe(
        logSample(l, tau),
        D.map((y) => {
          const soft = o.exp(y);
          return o.add(o.oneHot(o.argMax(o.stopGradient(y)), k), o.sub(soft, o.stopGradient(soft)));
        }),
      ),
    });
    return withFacts(dist, { support: { kind: 'oneHot' }, mean: o.exp(logSoftmax(l)) });
  },
);

/** Parameters of {@link relaxedBernoulli}. */
export interface RelaxedBernoulliOptions {
  readonly logits?: Argument;
  /** Temperature τ > 0; default 1. */
  readonly temperature?: number | Expr;
}

/** log τ + (l − τ t) − 2 softplus(l − τ t) − log x − log (1−x) at t = logit x; −log x(1−x) = softplus(t) + softplus(−t). */
const binaryLog = (t: Expr, l: Expr, tau: Expr): Expr => {
  const d = o.sub(l, o.mul(tau, t));
  return o.add(o.sub(o.add(o.log(tau), d), o.mul(2, o.softplus(d))), o.add(o.softplus(t), o.softplus(o.neg(t))));
};

/**
 * The binary Concrete distribution: x = σ((l + e)/τ) for standard logistic e, on (0, 1)ᴰ. log p(x) = Σ log τ + d − 2 softplus(d) − log x − log (1−x) nats,
 * d = l − τ logit x; −∞ outside. Reparameterised; `sampleAndLogDensity` scores logit x itself. Throws `ArgumentError` where τ is not positive.
 *
 * @example
 * relaxedBernoulli([2], { logits: [0.5, -1], temperature: 0.3 });   // events in (0, 1)
 */
export const relaxedBernoulli = define(
  distributionKind,
  {
    type: 'relaxedBernoulli',
    about: 'A relaxed coin flip on the unit interval.',
    takes: ['shape'],
    required: { shape: shapeCodec },
    optional: { logits: argument, temperature: finiteNumber },
    examples: [{ shape: [2], logits: 0.5, temperature: 0.7 }],
  },
  <const S extends Shape>(
    shape: S,
    { logits = 0, temperature = 1 }: RelaxedBernoulliOptions = {},
  ): Dist<S, Exact & Samples> & Facts<'support'> => {
    finite('relaxedBernoulli', 'logits', logits);
    const l = fits('relaxedBernoulli', 'logits', toExpr(logits), shape);
    const tau = temperatureOf('relaxedBernoulli', temperature);
    const scored: D.Draw<Scored> = pipe(
      D.fromRandom(R.uniform(shape)),
      D.map((u) => o.div(o.add(l, o.sub(o.log(u), o.log1p(o.neg(u)))), tau)),
      D.map((t) => ({ value: o.sigmoid(t), logDensity: o.sum(binaryLog(t, l, tau)) })),
    );
    const dist = distribution<S, Exact & Samples>({
      shape,
      ...familyOf('relaxedBernoulli', shape, { logits, temperature }),
      evidence: 'exact',
      logDensity: (x) => {
        const ok = o.and(o.less(0, x), o.less(x, 1));
        const at = (v: Expr): Expr => binaryLog(o.sub(o.log(v), o.log1p(o.neg(v))), l, tau);
        return D.of(o.sum(onSupport(x, ok, 0.5, at)));
      },
      sample: D.map((s: Scored) => s.value)(scored),
      sampleAndLogDensity: scored,
    });
    return withFacts(dist, { support: unitInterval });
  },
);
